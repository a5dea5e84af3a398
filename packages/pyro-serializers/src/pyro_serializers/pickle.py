"""``pickle``, ``cloudpickle`` and ``dill``: whole Python objects. Unsafe.

Reading a pickle runs what its sender chose to run. A daemon accepts these serializers only if they are named
on purpose, and they are for programs that trust each other completely.

Objects that travel by reference, addresses, and the errors of this system cross as a call of one function
with the dict that the other serializers send too. In protocol 48 that function is the one that stock peers
have for it, named in a way that needs none of their modules here and none of ours there. What stock peers
send natively is understood as well.
"""

import importlib
import io
import operator
import pickle
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType, SimpleNamespace
from typing import Any, ClassVar, Final

from pyro_core import errors, remote_errors
from pyro_core.convert import CLASS_KEY, BatchFailure, ClassCodec
from pyro_core.errors import SecurityError, SerializeError
from pyro_core.names import ERROR_MODULES, PROTOCOL_48, PROTOCOL_502
from pyro_core.serializer import Serializer
from pyro_core.uri import URI
from pyro_core.wire.message import Buffer
from pyro_serializers.failures import decoding_failed, encoding_failed
from pyro_serializers.pickle_arrivals import (
    Arrival,
    ArrivingBatchFailure,
    ArrivingProxy,
    ArrivingURI,
    replace_arrivals,
)

_OWN_ERRORS: Final = errors.__name__
_PICKLE_PROTOCOLS: Final = {PROTOCOL_502: 5, PROTOCOL_48: 4}
"""Stock peers may run on Pythons that are too old for 5."""

_SCALARS: Final = frozenset({type(None), bool, int, float, str, bytes})
"""What every pickler writes in the same way."""


class _StockModule:
    """Stands for a module of stock peers, which the receiver imports."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> tuple[Any, ...]:
        return importlib.import_module, (self.name,)


class _StockMember:
    """Stands for a class or function of stock peers, which need not exist here."""

    def __init__(self, module: str, path: str) -> None:
        self.module = _StockModule(module)
        self.path = path

    def __call__(self, *_: Any) -> Any:
        """Only so that pickle takes it for something that the receiver can call."""
        raise NotImplementedError(f"{self.path} is called at the receiver")

    def __reduce__(self) -> tuple[Any, ...]:
        return operator.attrgetter(self.path), (self.module,)


_STOCK_CONVERTER: Final = _StockMember("Pyro4.util", "SerializerBase.dict_to_class")
_STOCK_FAILURE: Final = _StockMember("Pyro4.futures", "_ExceptionWrapper")


def from_wire(wire: dict[str, Any]) -> Any:
    """Stands for the receiver's own rules; see ``Unpickling.find_class``."""
    raise SerializeError(f"{wire.get(CLASS_KEY)} must be read by the serializer, not by pickle alone")


class Pickling:
    """Mixed into a pickler class: what it does beside its base class."""

    codec: ClassVar[ClassCodec]

    def reducer_override(self, obj: Any) -> Any:
        """How to send an object of any class but the builtin containers and scalars."""
        kind = type(obj)
        codec = self.codec
        stock = codec.version == PROTOCOL_48
        if stock and kind is BatchFailure:
            return _STOCK_FAILURE, (obj.error,)
        if (kind.__module__ == _OWN_ERRORS and isinstance(obj, BaseException)) or (stock and kind is URI):
            wire = codec.to_wire(obj)
        else:  # rules of the program are not looked at: this format needs none
            reference = codec.reference(obj)
            wire = None if reference is None else codec.to_wire(reference)
        if wire is not None:
            return _STOCK_CONVERTER if stock else from_wire, (wire,)
        inherited = getattr(super(), "reducer_override", None)
        return NotImplemented if inherited is None else inherited(obj)


class Unpickling:
    """Mixed into an unpickler class: what it does beside its base class."""

    codec: ClassVar[ClassCodec]
    arrived: list[Arrival]

    def find_class(self, module: str, name: str) -> Any:
        """A class or function by its name; those of stock peers become ours."""
        if module == __name__ and name == from_wire.__name__:
            return self.codec.from_wire
        if module == importlib.__name__ and name == importlib.import_module.__name__:
            return self._import_module
        if module.startswith("Pyro4."):
            return self._stock_class(module, name)
        return super().find_class(module, name)  # type: ignore[misc]  # of the unpickler it is mixed into

    def _import_module(self, name: str, *args: Any) -> Any:
        if name == _STOCK_CONVERTER.module.name:
            return SimpleNamespace(SerializerBase=SimpleNamespace(dict_to_class=self.codec.from_wire))
        if name == _STOCK_FAILURE.module.name:
            return SimpleNamespace(_ExceptionWrapper=BatchFailure)
        return importlib.import_module(name, *args)

    def _stock_class(self, module: str, name: str) -> Callable[..., Any]:
        if module == "Pyro4.core" and name == "URI":
            return ArrivingURI
        if module == "Pyro4.core" and name == "Proxy":
            return type("ArrivingProxy", (ArrivingProxy,), {"codec": self.codec, "arrived": self.arrived})
        if module == _STOCK_FAILURE.module.name and name == _STOCK_FAILURE.path:
            return ArrivingBatchFailure
        if module == ERROR_MODULES[PROTOCOL_48]:
            return lambda *args: remote_errors.rebuild({CLASS_KEY: f"{module}.{name}", "args": args})
        raise SerializeError(
            f"pickle: a received {module}.{name} has no counterpart here; use another serializer",
            serializer="pickle",
        )


class PickleSerializer(Serializer):
    """Pickle: nearly every object of classes that both sides can import. Unsafe.

    Registered objects and proxies travel by reference; rules for classes are not looked at.

    Class attributes:
        pickling: What the pickler does beside its base class.
        unpickling: What the unpickler does beside its base class.
        pickle_protocol: The version of pickle's format to write; None for one that the peers know.
    """

    name: ClassVar[str] = "pickle"
    wire_ids: ClassVar[Mapping[int, int]] = MappingProxyType({PROTOCOL_502: 64, PROTOCOL_48: 4})
    safe: ClassVar[bool] = False
    has_dict_forms: ClassVar[bool] = False
    pickling: ClassVar[type] = Pickling
    unpickling: ClassVar[type] = Unpickling
    pickle_protocol: int | None = None

    def __init__(self, codec: ClassCodec) -> None:
        super().__init__(codec)
        if self.pickle_protocol is None:
            self.pickle_protocol = _PICKLE_PROTOCOLS[codec.version]
        pickler, unpickler = self._bases()
        self._pickler = type("Pickler", (self.pickling, pickler), {"codec": codec})
        self._unpickler = type("Unpickler", (self.unpickling, unpickler), {"codec": codec})
        # Without a way of its own to find classes, the unpickler does nothing that the library does not.
        special = hasattr(self.unpickling, "find_class") or unpickler is not pickle.Unpickler
        self._loads = None if special else pickle.loads

    def encode_call(
        self, object_id: str, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None
    ) -> bytes:
        call = (object_id, method, args, kwargs)
        if kwargs:
            return self.encode_value(call)
        for arg in args:
            if type(arg) not in _SCALARS:
                return self.encode_value(call)
        return pickle.dumps(call, self.pickle_protocol)

    def encode_value(self, value: object) -> bytes:
        if type(value) in _SCALARS:
            return pickle.dumps(value, self.pickle_protocol)
        out = io.BytesIO()
        try:
            self._pickler(out, self.pickle_protocol).dump(value)
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise encoding_failed(self.name, problem) from problem
        return out.getvalue()

    def decode_value(self, data: Buffer) -> Any:
        try:
            if self._loads is not None:
                return self._loads(data)
            unpickler = self._unpickler(io.BytesIO(data))
            unpickler.arrived = []
            value = unpickler.load()
            return replace_arrivals(value) if unpickler.arrived else value
        except (SerializeError, SecurityError):
            raise
        except Exception as problem:
            raise decoding_failed(self.name, problem) from problem

    def _bases(self) -> tuple[type[Any], type[Any]]:
        return pickle.Pickler, pickle.Unpickler


class CloudpickleSerializer(PickleSerializer):
    """Cloudpickle: also functions, and classes of the main program. Unsafe.

    Needs the extra ``cloudpickle``.
    """

    name: ClassVar[str] = "cloudpickle"
    wire_ids: ClassVar[Mapping[int, int]] = MappingProxyType({PROTOCOL_502: 65, PROTOCOL_48: 7})

    def _bases(self) -> tuple[type[Any], type[Any]]:
        import cloudpickle

        return cloudpickle.Pickler, pickle.Unpickler


class DillSerializer(PickleSerializer):
    """Dill: also functions, classes, and much of what an interpreter holds. Unsafe.

    Needs the extra ``dill``.
    """

    name: ClassVar[str] = "dill"
    wire_ids: ClassVar[Mapping[int, int]] = MappingProxyType({PROTOCOL_502: 66, PROTOCOL_48: 5})

    def _bases(self) -> tuple[type[Any], type[Any]]:
        import dill

        return dill.Pickler, dill.Unpickler
