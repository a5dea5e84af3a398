"""Classes that travel, by the rules of Pyro4."""

from typing import Any

from Pyro4 import errors
from Pyro4.facade.failures import classic
from pyro_core import errors as native
from pyro_core import remote_errors
from pyro_core.convert import ClassRules
from pyro_core.uri import URI as NativeURI

_PROXY_TAG = "Pyro4.core.Proxy"
_NOT_RAISED: tuple[type[BaseException], ...] = (GeneratorExit, KeyboardInterrupt, SystemExit)
_URI_TAGS = ("Pyro4.core.URI", "Pyro5.core.URI")
_ERRORS = {name: cls for name, cls in vars(errors).items() if isinstance(cls, type)}


def classic_rules() -> ClassRules:
    """Rules for one proxy or daemon. What ``SerializerBase`` registers holds for all of them."""
    from Pyro4.facade.daemon import Daemon
    from Pyro4.futures import _ExceptionWrapper

    rules = ClassRules()
    for tag in _URI_TAGS:
        rules.register_dict_to_class(tag, _uri)
    for name in _ERRORS:
        rules.register_dict_to_class(f"Pyro4.errors.{name}", _error)
    rules.register_class_to_dict(Daemon, lambda daemon: {"__class__": "Pyro4.core.Daemon", "state": ()})
    rules.register_dict_to_class("Pyro4.core.Daemon", lambda tag, wire: Daemon.__new__(Daemon))
    wrapper = "Pyro4.futures._ExceptionWrapper"
    rules.register_class_to_dict(
        _ExceptionWrapper, lambda wrapped: {"__class__": wrapper, "exception": wrapped.exception}
    )
    rules.register_dict_to_class(
        wrapper, lambda tag, wire: _ExceptionWrapper(_as_error(wire["exception"], rules))
    )
    for error in _NOT_RAISED:
        rules.register_dict_to_class(f"builtins.{error.__name__}", _not_raised)
    return rules


def carrying_everything() -> ClassRules:
    """Rules for serializers that a program uses by itself: proxies keep their keys, for one."""
    from Pyro4.facade import faces, registered
    from Pyro4.facade.proxy import Proxy

    rules = classic_rules()
    rules.reference_of = lambda value: None if isinstance(value, Proxy) else registered.reference_of(value)
    rules.register_class_to_dict(
        Proxy, lambda proxy: {"__class__": _PROXY_TAG, "state": proxy.__getstate_for_dict__()}
    )
    rules.register_dict_to_class(_PROXY_TAG, _proxy)
    rules.register_class_to_dict(
        faces.SerializerBase, lambda face: {"__class__": f"Pyro4.util.{type(face).__name__}"}
    )
    for face in faces.all_faces():
        rules.register_dict_to_class(
            f"Pyro4.util.{type(face).__name__}", lambda tag, wire: faces.face_of(tag)
        )
    return rules


def _proxy(tag: str, wire: dict[str, Any]) -> Any:
    from Pyro4.facade.proxy import Proxy

    proxy = Proxy.__new__(Proxy)
    proxy.__setstate_from_dict__(wire["state"])
    return proxy


def _not_raised(tag: str, wire: dict[str, Any]) -> BaseException:
    """What would end a program: rebuilt as a value, and never raised."""
    kind = next(kind for kind in _NOT_RAISED if kind.__name__ == tag.rpartition(".")[2])
    made = kind(*wire.get("args", ()))
    remote_errors.set_attributes(made, wire.get("attributes"))
    return made


def _uri(tag: str, wire: dict[str, Any]) -> Any:
    from Pyro4.facade.uri import URI

    return URI(NativeURI.from_state(wire["state"]))


def _error(tag: str, wire: dict[str, Any]) -> BaseException:
    made: BaseException = _ERRORS[tag.rpartition(".")[2]](*wire.get("args", ()))
    remote_errors.set_attributes(made, wire.get("attributes"))
    return made


def _as_error(value: Any, rules: ClassRules) -> BaseException:
    if isinstance(value, dict):  # a format that decodes containers from the outside in
        value = rules.for_version(48).from_wire(value)
    if not isinstance(value, BaseException):
        raise native.SerializeError(f"a wrapped exception is {value!r:.80}")
    return classic(value)
