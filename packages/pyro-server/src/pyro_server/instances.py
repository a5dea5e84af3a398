"""Which instance of a registered class serves a call."""

import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from pyro_core.errors import DaemonError
from pyro_server.objects import Bound, Entry, ObjectTable

_NONE: Final[Mapping[Entry, Any]] = MappingProxyType({})
_MAKING: Final = threading.Lock()
"""Held while a connection gets a lock of its own."""


class Sessions:
    """The instances that belong to one connection.

    Attributes:
        instances: Entry -> instance.
    """

    __slots__ = ("_lock", "bound", "instances")

    def __init__(self) -> None:
        # Most connections never have any: they share what is empty.
        self.instances: Mapping[Entry, Any] = _NONE
        self.bound: Mapping[Entry, Bound] = _NONE
        self._lock: threading.Lock | None = None

    def get(self, entry: Entry) -> Any:
        """The connection's instance for a class; made at the first call."""
        instance = self.instances.get(entry)
        if instance is None:
            with self._made_lock():
                instance = self.instances.get(entry)
                if instance is None:
                    instance = _create(entry)
                    self.bound = {**self.bound, entry: entry.bind(instance)}
                    self.instances = {**self.instances, entry: instance}
        return instance

    def owns(self, candidate: object) -> Entry | None:
        """The entry whose instance this is; None if it is not of this connection."""
        if self.instances:
            for entry, instance in list(self.instances.items()):
                if instance is candidate:
                    return entry
        return None

    def clear(self) -> None:
        """Let go of all instances."""
        self.instances = self.bound = _NONE

    def _made_lock(self) -> threading.Lock:
        lock = self._lock
        if lock is None:
            with _MAKING:
                lock = self._lock = self._lock or threading.Lock()
        return lock


def instance_for(entry: Entry, sessions: Sessions, objects: ObjectTable) -> Any:
    """The instance that serves a call.

    Args:
        entry: What is called.
        sessions: Instances of the calling connection.
        objects: The daemon's objects, which learn of a ``single`` instance.

    Raises:
        DaemonError: If a weakly registered object is gone.
        TypeError: If an instance creator gave something else than an instance of its class.
    """
    mode = entry.mode
    if mode == "object":
        return entry.instance
    if mode == "session":
        return sessions.get(entry)
    if mode == "percall":
        return _create(entry)
    if mode == "weak":
        target = entry.target()
        if target is None:
            raise DaemonError("unknown object")
        return target
    if entry.instance is None:
        with entry.lock:
            if entry.instance is None:
                objects.settle(entry, _create(entry))
    return entry.instance


def method_for(entry: Entry, name: str, sessions: Sessions, objects: ObjectTable) -> Callable[..., Any]:
    """What to call for an exposed method.

    Raises:
        AttributeError: If there is no such method; no instance is made then.
        DaemonError, TypeError: As ``instance_for`` does.
    """
    bound = entry.bound or sessions.bound.get(entry)
    if bound is not None:
        function = bound.get(name)
        if function is not None:
            return function
    method = objects.method(entry, name)
    return method.bound_to(instance_for(entry, sessions, objects), entry.members.cls)


def _create(entry: Entry) -> Any:
    cls = entry.target
    if entry.creator is None:
        return cls()
    instance = entry.creator(cls)
    if not isinstance(instance, cls):
        raise TypeError(
            f"instance creator {entry.creator!r} must give an instance of {cls.__name__}, "
            f"got {instance!r:.120}"
        )
    return instance
