"""Classes that travel, by the rules of Pyro4."""

import builtins
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from Pyro4 import errors
from Pyro4.facade import registered
from Pyro4.facade.failures import classic
from pyro_core import errors as native
from pyro_core import remote_errors
from pyro_core.convert import CLASS_KEY, ClassRules
from pyro_core.names import PROTOCOL_48
from pyro_core.uri import URI as NativeURI

_DAEMON: Final = "Pyro4.core.Daemon"
_PROXY: Final = "Pyro4.core.Proxy"
_URIS: Final = ("Pyro4.core.URI", "Pyro5.core.URI")
_WRAPPER: Final = "Pyro4.futures._ExceptionWrapper"
_NOT_RAISED: Final = (GeneratorExit, KeyboardInterrupt, SystemExit)
"""What would end a program: such an exception arrives as a value, and is never raised for a caller."""
_OWN_KINDS: Final[Mapping[str, type[BaseException]]] = {
    **{f"Pyro4.errors.{name}": kind for name, kind in vars(errors).items() if isinstance(kind, type)},
    **{f"builtins.{kind.__name__}": kind for kind in _NOT_RAISED},
}

all_exceptions: dict[str, type[BaseException]] = {
    name: kind
    for module in (builtins, errors)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
}
"""Exceptions that arrive as what they are: name -> class. Programs add theirs as ``"module.name"``."""
replacements: dict[type, Callable[[Any], Any]] = {}
"""Type -> what gives the object that travels in place of one of its instances."""


def classic_rules() -> ClassRules:
    """Rules for one proxy or daemon. What ``SerializerBase`` registers holds for all of them."""
    return _common().copy()


@cache
def carrying_everything() -> ClassRules:
    """Rules for serializers that a program uses by itself: proxies keep all that they have."""
    from Pyro4.facade.proxy import Proxy

    rules = classic_rules()
    rules.reference_of = lambda value: None if isinstance(value, Proxy) else registered.reference_of(value)
    return rules


@cache
def _common() -> ClassRules:
    from Pyro4.facade import faces
    from Pyro4.facade.daemon import Daemon
    from Pyro4.facade.proxy import Proxy
    from Pyro4.futures import _ExceptionWrapper

    rules = ClassRules()
    rules.replace = _replaced
    rules.rebuild = _rebuilt
    for tag in _URIS:
        rules.register_dict_to_class(tag, _uri)
    rules.register_class_to_dict(
        Proxy, lambda proxy: {CLASS_KEY: _PROXY, "state": proxy.__getstate_for_dict__()}
    )
    rules.register_dict_to_class(_PROXY, _proxy)
    rules.register_class_to_dict(Daemon, lambda daemon: {CLASS_KEY: _DAEMON, "state": ()})
    rules.register_dict_to_class(_DAEMON, lambda tag, wire: Daemon.__new__(Daemon))
    rules.register_class_to_dict(_ExceptionWrapper, _ExceptionWrapper.__serialized_dict__)
    rules.register_dict_to_class(_WRAPPER, lambda tag, wire: _ExceptionWrapper(_wrapped(wire["exception"])))
    rules.register_class_to_dict(faces.SerializerBase, lambda face: {CLASS_KEY: faces.tag_of(face)})
    for face in faces.all_faces():
        rules.register_dict_to_class(faces.tag_of(face), lambda tag, wire: faces.face_of(tag))
    return rules


def _replaced(value: object) -> Any:
    replace = replacements.get(type(value))
    return value if replace is None else replace(value)


def _proxy(tag: str, wire: dict[str, Any]) -> Any:
    from Pyro4.facade.proxy import Proxy

    proxy = Proxy.__new__(Proxy)
    proxy.__setstate_from_dict__(wire["state"])
    return proxy


def _uri(tag: str, wire: dict[str, Any]) -> Any:
    from Pyro4.facade.uri import URI

    return URI(NativeURI.from_state(wire["state"]))


def _rebuilt(wire: Mapping[str, Any]) -> BaseException:
    """The exception that a dict describes; one of an unknown class as a ``SerializeError`` that quotes it."""
    tag = str(wire[CLASS_KEY])
    if tag == "builtins.UnicodeDecodeError":  # serpent leaves bytes as a dict
        from pyro_serializers.serpent_reader import bytes_of

        args = [bytes_of(arg) if _is_binary(arg) else arg for arg in wire.get("args", ())]
        wire = {**wire, "args": args}
    kind = all_exceptions.get(tag) or _OWN_KINDS.get(tag)
    if kind is not None:
        try:
            return make_exception(kind, wire)
        except TypeError:
            pass  # it takes other arguments than it has: below it is quoted
    return classic(remote_errors.rebuild(wire))


def make_exception(kind: type[BaseException], wire: Mapping[str, Any]) -> BaseException:
    """An exception of that class with received arguments and attributes."""
    made = kind(*wire.get("args", ()))
    remote_errors.set_attributes(made, wire.get("attributes"))
    return made


def _is_binary(value: object) -> bool:
    return isinstance(value, dict) and "encoding" in value


def _wrapped(value: Any) -> BaseException:
    if isinstance(value, dict):  # a format that decodes containers from the outside in
        value = _common().for_version(PROTOCOL_48).from_wire(value)
    if not isinstance(value, BaseException):
        raise native.SerializeError(f"a wrapped exception is {value!r:.80}")
    return classic(value)
