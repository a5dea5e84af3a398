"""The native serializers with the habits of Pyro4, by name."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final

from Pyro4.configuration import config
from pyro_core import plugins
from pyro_core.convert import CLASS_KEY, ClassCodec
from pyro_core.errors import PluginError, SecurityError, SerializeError
from pyro_core.serializer import Serializer
from pyro_core.wire.message import Buffer

_ORDERED: Final = ("collections", "OrderedDict")
_OWN_LIBRARY: Final = ("cloudpickle", "dill")


def _serpent() -> dict[str, Any]:
    from pyro_serializers.serpent_writer import STAND_INS

    # The order is told so that a rule for the class, at a stock peer, can read it.
    stand_ins = {
        **STAND_INS,
        _ORDERED: lambda value: {CLASS_KEY: ".".join(_ORDERED), "items": [*value.items()]},
    }
    return {**_dicts(), "makes_bytes": False, "stand_ins": stand_ins}


def _json() -> dict[str, Any]:
    import json

    json_module = import_module(config.JSON_MODULE)
    # One without these classes writes the same, so that it makes no difference.
    return {**_dicts(), "json_module": json_module if hasattr(json_module, "JSONEncoder") else json}


class _Quoting(ClassCodec):
    """Leaves the dict in place of an object that cannot be made here."""

    __slots__ = ()

    def from_wire(self, wire: dict[str, Any]) -> Any:
        try:
            return super().from_wire(wire)
        except (SerializeError, SecurityError):
            return wire


def _decode_error(self: Serializer, data: Buffer) -> Any:
    """An exception. What it holds of classes that are unknown here arrives as dicts that name them."""
    try:
        return self.decode_value(data)
    except (SerializeError, SecurityError):
        codec = self.codec
        return type(self)(_Quoting(codec.rules, codec.version)).decode_value(data)


def _dicts() -> dict[str, Any]:
    return {"class_keys_travel": True, "decode_error": _decode_error}


def _pickle() -> dict[str, Any]:
    from Pyro4.facade import pickling

    return {
        "pickling": pickling.Pickling,
        "unpickling": pickling.Unpickling,
        "pickle_protocol": config.PICKLE_PROTOCOL_VERSION,
    }


def _dill() -> dict[str, Any]:
    return {**_pickle(), "pickle_protocol": config.DILL_PROTOCOL_VERSION}


_HABITS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "serpent": _serpent,
    "json": _json,
    "marshal": _dicts,
    "msgpack": _dicts,
    "pickle": _pickle,
    "cloudpickle": _pickle,
    "dill": _dill,
}
"""What differs from the native classes: name of the serializer -> class attributes."""

_PROTOCOLS: Final = {
    "pickle": "PICKLE_PROTOCOL_VERSION",
    "cloudpickle": "PICKLE_PROTOCOL_VERSION",
    "dill": "DILL_PROTOCOL_VERSION",
}
_choosing_protocols: Final[list[type[Serializer]]] = []


def wire_class(name: str) -> type[Serializer] | None:
    """The class of a serializer; None if it is unknown, or what it needs is not installed.

    Args:
        name: Its name.
    """
    try:
        if name in _OWN_LIBRARY:
            import_module(name)
        found: type[Serializer] = plugins.serializers().load(name)
    except (PluginError, ImportError):
        return None
    return found if config.FAITHFUL_TYPES and found.has_dict_forms else _classic(found)


@cache
def _classic(found: type[Serializer]) -> type[Serializer]:
    habits = _HABITS.get(found.name)
    if habits is None:
        return found
    made = type(f"Classic{found.__name__}", (found,), habits())
    if found.name in _PROTOCOLS:
        _choosing_protocols.append(made)
    return made


def _setting_changed(name: str) -> None:
    """Let the pickles that are in use be written in another version of their format."""
    for cls in _choosing_protocols:
        if name == _PROTOCOLS[cls.name]:
            cls.pickle_protocol = getattr(config, name)  # type: ignore[attr-defined]  # all of them have it


config.watch(_setting_changed)
