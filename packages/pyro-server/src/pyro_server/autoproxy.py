"""Registered objects travel as references, and received references become proxies."""

from collections.abc import Callable
from typing import Any

from pyro_core import plugins
from pyro_core.calls import ObjectRef
from pyro_core.context import serving
from pyro_core.errors import PluginError
from pyro_core.names import CALLBACK_HOST
from pyro_server.connection import Connection
from pyro_server.objects import Entry, ObjectTable


def referrer(
    objects: ObjectTable, ref_of: Callable[[Entry], ObjectRef]
) -> Callable[[object], ObjectRef | None]:
    """A function that gives the reference under which an object travels, or None for a copy.

    Args:
        objects: The daemon's objects.
        ref_of: Makes the reference of an entry.
    """

    def reference_of(value: object) -> ObjectRef | None:
        entry = objects.entry_of(value)
        if entry is None:
            call = serving()
            connection = call.connection if call is not None else None
            if isinstance(connection, Connection):
                entry = connection.sessions.owns(value)
        return ref_of(entry) if entry is not None else None

    return reference_of


def reviver(*, asynchronous: bool = False) -> Callable[[ObjectRef], Any]:
    """A function that makes a live proxy of a received reference, where a client package is installed.

    Without one the reference stays what it is: a method can keep it and hand it on.

    Args:
        asynchronous: Make proxies for asyncio.
    """
    makers: dict[str, Callable[..., Any]] = {}
    prefix = "async_" if asynchronous else ""

    def maker(name: str) -> Callable[..., Any] | None:
        if name not in makers:
            try:
                makers[name] = plugins.references().load(name)
            except PluginError as problem:
                if isinstance(problem.__cause__, ModuleNotFoundError) or problem.__cause__ is None:
                    return None  # no client here
                raise
        return makers[name]

    def revive(reference: ObjectRef) -> Any:
        if reference.uri.host == CALLBACK_HOST:
            call = serving()
            connection = call.connection if call is not None else None
            conversation = connection.conversation if isinstance(connection, Connection) else None
            if conversation is None:
                return reference
            make = maker(f"{prefix}called_back")
            return make(reference, conversation) if make is not None else reference
        make = maker(f"{prefix}proxy")
        return make(reference) if make is not None else reference

    return revive
