"""The objects of a daemon, with the marks that Pyro4 leaves on them."""

from collections.abc import Callable, Iterable
from typing import Any

from Pyro4.configuration import config
from Pyro4.errors import DaemonError
from Pyro4.facade.dotted import dotted_attribute, dotted_method
from Pyro4.facade.members import public_names, table_of
from pyro_core.calls import ObjectRef
from pyro_core.expose import INSTANCING_MARK
from pyro_core.members import Attribute, MemberTable, Method
from pyro_server.objects import Entry, ObjectTable

_MARKS = ("_pyroId", "_pyroDaemon")


class ClassicObjects(ObjectTable):
    """Registered objects.

    With ``config.REQUIRE_EXPOSE`` off, everything public is exposed. With ``config.DOTTEDNAMES`` on, names
    with dots lead through exposed properties to the exposed members of other objects.
    """

    def members(self, target: Any, expose: Iterable[str] = ()) -> MemberTable:
        wanted = set(expose)
        if not config.REQUIRE_EXPOSE:
            wanted |= public_names(target if isinstance(target, type) else type(target))
        return super().members(target, wanted)

    def table_of(self, cls: type, expose: Iterable[str]) -> MemberTable:
        return table_of(cls, expose)

    def method(self, entry: Entry, name: str) -> Method:
        if config.DOTTEDNAMES and "." in name:
            return dotted_method(self.members, name)
        return super().method(entry, name)

    def attribute(self, entry: Entry, name: str) -> Attribute:
        if config.DOTTEDNAMES and "." in name:
            return dotted_attribute(self.members, name)
        return super().attribute(entry, name)

    def refresh(self) -> None:
        """Look again at what is exposed, by what is configured now."""
        for entry in list(self.by_id.values()):
            entry.members = self.members(entry.target)
            if entry.bound:
                entry.bound = entry.bind(entry.instance)

    def _displace(self, target: Any, object_id: str) -> None:
        self._forget(object_id)  # an object may have several ids, if it is forced upon it


def mark(obj_or_cls: Any, object_id: str, daemon: Any) -> None:
    """Write on an object to whom it belongs.

    Raises:
        AttributeError: If it takes no attributes.
    """
    obj_or_cls._pyroId = object_id
    obj_or_cls._pyroDaemon = daemon
    if isinstance(obj_or_cls, type) and not hasattr(obj_or_cls, INSTANCING_MARK):
        setattr(obj_or_cls, INSTANCING_MARK, ("session", None))


def unmark(obj_or_cls: Any) -> None:
    """Take the marks off again."""
    for name in _MARKS:
        if name in vars(obj_or_cls):
            delattr(obj_or_cls, name)


def check_unmarked(obj_or_cls: Any) -> None:
    """Raise DaemonError if an object belongs to a daemon."""
    if getattr(obj_or_cls, "__dict__", {}).get("_pyroId"):
        raise DaemonError("object or class already has a Pyro id")


def reference_for(key: bytes | None) -> Callable[[object], ObjectRef | None]:
    """What gives references on connections whose messages are signed with a key, or are not signed.

    Proxies take their own keys along to those who share one, and to nobody else.
    """
    return reference_of if key is None else _unless_keyed


def _unless_keyed(value: object) -> ObjectRef | None:
    return None if getattr(value, "_pyro_hmac_key", None) else reference_of(value)


def reference_of(value: object) -> ObjectRef | None:
    """The reference under which a registered object or a proxy travels; None for what is copied."""
    if isinstance(value, type):
        return None
    own = getattr(value, "_pyro_reference", None)
    if own is not None:
        known: ObjectRef = own()
        return known
    if not config.AUTOPROXY:
        return None
    daemon = getattr(value, "_pyroDaemon", None)
    object_id = getattr(value, "_pyroId", None)
    if daemon is None or not object_id or object_id not in daemon.objectsById:
        return None
    found: ObjectRef = daemon.ref_for(object_id)
    return found
