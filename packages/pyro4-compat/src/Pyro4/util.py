"""Serializers, tracebacks and exposed members of Pyro4."""

import sys
from typing import Any

from Pyro4 import errors
from Pyro4.facade import members, tracebacks
from Pyro4.facade.faces import (
    CloudpickleSerializer,
    DillSerializer,
    JsonSerializer,
    MarshalSerializer,
    MsgpackSerializer,
    PickleSerializer,
    SerializerBase,
    SerpentSerializer,
    get_serializer,
    get_serializer_by_id,
)
from Pyro4.facade.members import is_private_attribute
from Pyro4.facade.rules import all_exceptions

__all__ = [
    "CloudpickleSerializer",
    "DillSerializer",
    "JsonSerializer",
    "MarshalSerializer",
    "MsgpackSerializer",
    "PickleSerializer",
    "SerializerBase",
    "SerpentSerializer",
    "all_exceptions",
    "errors",
    "excepthook",
    "fixIronPythonExceptionForPickle",
    "formatTraceback",
    "getAttribute",
    "getPyroTraceback",
    "get_exposed_members",
    "get_exposed_property_value",
    "get_serializer",
    "get_serializer_by_id",
    "is_private_attribute",
    "reset_exposed_members",
    "set_exposed_property_value",
]


def getPyroTraceback(ex_type: Any = None, ex_value: Any = None, ex_tb: Any = None) -> list[str]:
    """The lines of a traceback, followed by the remote one if the exception came from another process."""
    return tracebacks.with_remote(ex_type, ex_value, ex_tb)


def formatTraceback(
    ex_type: Any = None, ex_value: Any = None, ex_tb: Any = None, detailed: bool = False
) -> list[str]:
    """The lines of a local traceback; ``detailed`` shows local variables, too."""
    return tracebacks.formatted(ex_type, ex_value, ex_tb, detailed=detailed)


def excepthook(ex_type: Any, ex_value: Any, ex_tb: Any) -> None:
    """For ``sys.excepthook``: prints remote tracebacks as well."""
    sys.stderr.write("".join(getPyroTraceback(ex_type, ex_value, ex_tb)))


def fixIronPythonExceptionForPickle(exceptionObject: BaseException, addAttributes: bool) -> None:
    """Nothing: it was for another Python."""


def getAttribute(obj: Any, attr: str) -> Any:
    """What an object has under a name, if that is exposed itself.

    Raises:
        AttributeError: If it is private, is not there, or is not exposed.
    """
    return members.member(obj, attr)


def get_exposed_members(
    obj: Any, only_exposed: bool = True, as_lists: bool = False, use_cache: bool = True
) -> dict[str, Any]:
    """Names of what an object or class exposes: its methods, those that are oneway, and attributes."""
    table = members.exposed(obj, only_exposed=only_exposed, use_cache=use_cache)
    wire: dict[str, Any] = table.metadata.to_wire()
    return {name: list(found) for name, found in wire.items()} if as_lists else wire


def reset_exposed_members(obj: Any, only_exposed: bool = True, as_lists: bool = False) -> None:
    """Look again at what an object's class exposes."""
    members.forget(obj, only_exposed=only_exposed)


def get_exposed_property_value(obj: Any, propname: str, only_exposed: bool = True) -> Any:
    """The value of an exposed property.

    Raises:
        AttributeError: If it is not exposed.
    """
    found = members.attribute(obj, propname, only_exposed=only_exposed)
    if found.get is None:
        raise AttributeError(f"attribute '{propname}' cannot be read")
    return found.get(obj)


def set_exposed_property_value(obj: Any, propname: str, value: Any, only_exposed: bool = True) -> Any:
    """Give an exposed property a value.

    Raises:
        AttributeError: If it is not exposed, or cannot be written.
    """
    found = members.attribute(obj, propname, only_exposed=only_exposed)
    if found.set is None:
        raise AttributeError(f"attribute '{propname}' cannot be written")
    return found.set(obj, value)
