"""Registered objects travel as references, and received references become proxies."""

from collections.abc import Callable
from typing import Any

from pyro_core import plugins
from pyro_core.calls import ObjectRef
from pyro_core.context import serving
from pyro_core.errors import PluginError
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


def reviver() -> Callable[[ObjectRef], Any]:
    """A function that makes a live proxy of a received reference, where a client package is installed.

    Without one the reference stays what it is: a method can keep it and hand it on.
    """
    maker: list[Callable[[ObjectRef], Any]] = []

    def revive(reference: ObjectRef) -> Any:
        if not maker:
            try:
                maker.append(plugins.references().load("proxy"))
            except PluginError as problem:
                if isinstance(problem.__cause__, ModuleNotFoundError) or problem.__cause__ is None:
                    return reference  # no client here
                raise
        return maker[0](reference)

    return revive
