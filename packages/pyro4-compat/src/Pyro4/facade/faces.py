"""The serializers of Pyro4: faces of the native ones."""

from collections.abc import Callable
from typing import Any, ClassVar

from Pyro4 import errors
from Pyro4.configuration import config
from Pyro4.facade.failures import classic_errors
from Pyro4.facade.rules import carrying_everything, make_exception, replacements
from Pyro4.facade.serializers import wire_class
from pyro_core.convert import CLASS_KEY, DEFAULTS
from pyro_core.names import PROTOCOL_48, STOCK_SERIALIZER_IDS
from pyro_core.serializer import Serializer
from pyro_core.setting_groups import MESSAGE_LIMIT
from pyro_core.wire.compression import compress as compressed_form
from pyro_core.wire.compression import inflate

_IDS = STOCK_SERIALIZER_IDS[PROTOCOL_48]
_made: dict[type[Serializer], Serializer] = {}


class SerializerBase:
    """Turns values and calls into bytes and back."""

    __module__ = "Pyro4.util"
    name: ClassVar[str] = ""
    serializer_id: ClassVar[int] = 0

    @property
    def _native(self) -> Serializer:
        cls = wire_class(self.name)
        if cls is None:
            raise errors.SerializeError(f"serializer '{self.name}' is unknown or not available")
        if cls not in _made:
            _made[cls] = cls(carrying_everything().for_version(PROTOCOL_48))
        return _made[cls]

    def serializeData(self, data: Any, compress: bool = False) -> tuple[bytes, bool]:
        """A value as bytes, and whether they are compressed."""
        return _pressed(self.dumps(data), compress)

    def deserializeData(self, data: Any, compressed: Any = False) -> Any:
        """The value."""
        return self.loads(_inflated(data, compressed))

    def serializeCall(
        self, obj: str, method: str, vargs: Any, kwargs: Any, compress: bool = False
    ) -> tuple[bytes, bool]:
        """A call as bytes, and whether they are compressed."""
        return _pressed(self.dumpsCall(obj, method, vargs, kwargs), compress)

    def deserializeCall(self, data: Any, compressed: Any = False) -> tuple[str, str, Any, Any]:
        """Object id, method, arguments and keyword arguments of a call."""
        return self.loadsCall(_inflated(data, compressed))

    def dumps(self, data: Any) -> bytes:
        """A value as bytes."""
        with classic_errors():
            return self._native.encode_value(data)

    def loads(self, data: Any) -> Any:
        """The value."""
        with classic_errors():
            return self._native.decode_value(bytes(data))

    def dumpsCall(self, obj: str, method: str, vargs: Any, kwargs: Any) -> bytes:
        """A call as bytes."""
        with classic_errors():
            return self._native.encode_call(obj, method, vargs, kwargs)

    def loadsCall(self, data: Any) -> tuple[str, str, Any, Any]:
        """Object id, method, arguments and keyword arguments of a call."""
        with classic_errors():
            call = self._native.decode_call(bytes(data))
        return call.object_id, call.method, call.args, call.kwargs

    @classmethod
    def register_type_replacement(cls, object_type: type, replacement_function: Callable[[Any], Any]) -> None:
        """Let a function say what travels in place of instances of a type; builtin ones stay as they are.

        Raises:
            ValueError: If it is no type that can be replaced.
        """
        if object_type is type or not isinstance(object_type, type):
            raise ValueError(f"only a type other than 'type' can have a replacement, got {object_type!r}")
        if object_type.__module__ != object.__module__:
            replacements[object_type] = replacement_function

    @classmethod
    def register_class_to_dict(
        cls, clazz: type, converter: Callable[[Any], Any], serpent_too: bool = True
    ) -> None:
        """Send instances of a class as a dict."""
        DEFAULTS.register_class_to_dict(clazz, converter)

    @classmethod
    def unregister_class_to_dict(cls, clazz: type) -> None:
        """Forget that."""
        DEFAULTS.unregister_class_to_dict(clazz)

    @classmethod
    def register_dict_to_class(cls, classname: str, converter: Callable[[str, dict[str, Any]], Any]) -> None:
        """Make objects of received dicts whose ``__class__`` is that name."""
        DEFAULTS.register_dict_to_class(classname, converter)

    @classmethod
    def unregister_dict_to_class(cls, classname: str) -> None:
        """Forget that."""
        DEFAULTS.unregister_dict_to_class(classname)

    @classmethod
    def class_to_dict(cls, obj: Any) -> Any:
        """The dict in which an object travels."""
        with classic_errors():
            return carrying_everything().for_version(PROTOCOL_48).to_wire(obj)

    @classmethod
    def dict_to_class(cls, data: dict[str, Any]) -> Any:
        """The object that such a dict stands for."""
        if CLASS_KEY not in data:
            raise errors.SerializeError("unsupported serialized class: <unknown>")
        with classic_errors():
            return carrying_everything().for_version(PROTOCOL_48).from_wire(data)

    @staticmethod
    def make_exception(exceptiontype: type[BaseException], data: dict[str, Any]) -> BaseException:
        """An exception of that type with received arguments and attributes."""
        return make_exception(exceptiontype, data)

    def recreate_classes(self, literal: Any) -> Any:
        """Objects in place of their dicts, in lists, tuples, sets and dicts."""
        with classic_errors():
            return self._native.codec.revive(literal)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __reduce__(self) -> Any:
        return type(self), ()


class SerpentSerializer(SerializerBase):
    """Serpent."""

    name = "serpent"


class JsonSerializer(SerializerBase):
    """JSON."""

    name = "json"


class MarshalSerializer(SerializerBase):
    """Marshal."""

    name = "marshal"


class PickleSerializer(SerializerBase):
    """Pickle."""

    name = "pickle"


class CloudpickleSerializer(SerializerBase):
    """Cloudpickle."""

    name = "cloudpickle"


class DillSerializer(SerializerBase):
    """Dill."""

    name = "dill"


class MsgpackSerializer(SerializerBase):
    """MessagePack."""

    name = "msgpack"


_FACES: dict[str, SerializerBase] = {
    face.name: face()
    for face in (
        SerpentSerializer,
        JsonSerializer,
        MarshalSerializer,
        PickleSerializer,
        CloudpickleSerializer,
        DillSerializer,
        MsgpackSerializer,
    )
}
for _name, _face in _FACES.items():
    type(_face).serializer_id = _IDS[_name]
    type(_face).__module__ = "Pyro4.util"


def all_faces() -> list[SerializerBase]:
    """All serializers, installed or not."""
    return list(_FACES.values())


def tag_of(face: SerializerBase) -> str:
    """The name under which a serializer travels."""
    return f"Pyro4.util.{type(face).__name__}"


def face_of(tag: str) -> SerializerBase:
    """The serializer that travels under that name."""
    return next(face for face in _FACES.values() if tag_of(face) == tag)


def get_serializer(name: str) -> SerializerBase:
    """The serializer of that name.

    Raises:
        SerializeError: If it is unknown or not available.
    """
    if name not in _FACES or wire_class(name) is None:
        raise errors.SerializeError(f"serializer '{name}' is unknown or not available")
    return _FACES[name]


def get_serializer_by_id(sid: int) -> SerializerBase:
    """The serializer with that number on the wire.

    Raises:
        SerializeError: If there is none.
    """
    for name, number in _IDS.items():
        if number == sid and name in _FACES and wire_class(name) is not None:
            return _FACES[name]
    raise errors.SerializeError(f"no serializer available for id {sid}")


def _pressed(data: bytes, compress: bool) -> tuple[bytes, bool]:
    packed = compressed_form(data) if compress else None
    return (data, False) if packed is None else (packed, True)


def _inflated(data: Any, compressed: Any) -> Any:
    if not compressed:
        return data
    with classic_errors():
        return inflate(bytes(data), config.MAX_MESSAGE_SIZE or MESSAGE_LIMIT)
