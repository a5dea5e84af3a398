"""The pickles as Pyro4 uses them: the classes of this package travel under their own names."""

import copyreg
import io
import pickle
from typing import Any

from Pyro4.configuration import config
from Pyro4.facade.failures import classic
from Pyro4.futures import _ExceptionWrapper
from pyro_core import errors as native
from pyro_core.convert import BatchFailure, ClassCodec
from pyro_core.wire.message import Buffer
from pyro_serializers.failures import decoding_failed, encoding_failed
from pyro_serializers.pickle import CloudpickleSerializer, DillSerializer, PickleSerializer


class _Reducing:
    """What a pickler does with objects that travel as something else."""

    codec: ClassCodec

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, native.PyroError) and classic(obj) is not obj:
            return classic(obj).__reduce__()
        if type(obj) is BatchFailure:
            return _made_of(_ExceptionWrapper, {"exception": classic(obj.error)})
        find = self.codec.rules.reference_of
        reference = None if find is None or isinstance(obj, type) else find(obj)
        if reference is not None:
            from Pyro4.facade.calling import proxy_for

            proxy = proxy_for(reference)
            return _made_of(type(proxy), proxy.__getstate__())
        inherited = getattr(super(), "reducer_override", None)
        return NotImplemented if inherited is None else inherited(obj)


def _made_of(cls: type, state: Any) -> tuple[Any, ...]:
    """How a pickle makes an instance of a class with that state; any Python with the class can read it."""
    return copyreg._reconstructor, (cls, object, None), state  # type: ignore[attr-defined]


class _Classic:
    """What the three pickles have in common."""

    name: str
    codec: ClassCodec

    def encode_value(self, value: object) -> bytes:
        out = io.BytesIO()
        pickler = type("Pickler", (_Reducing, self._bases()[0]), {"codec": self.codec})  # type: ignore[attr-defined]
        try:
            pickler(out, self._protocol_version()).dump(value)
        except Exception as problem:
            raise encoding_failed(self.name, problem) from problem
        return out.getvalue()

    def decode_value(self, data: Buffer) -> Any:
        try:
            return pickle.loads(data)
        except Exception as problem:
            raise decoding_failed(self.name, problem) from problem

    def _protocol_version(self) -> int:
        version: int = config.PICKLE_PROTOCOL_VERSION
        return version


class ClassicPickle(_Classic, PickleSerializer):
    """Pickle."""


class ClassicCloudpickle(_Classic, CloudpickleSerializer):
    """Cloudpickle."""


class ClassicDill(_Classic, DillSerializer):
    """Dill."""

    def _protocol_version(self) -> int:
        version: int = config.DILL_PROTOCOL_VERSION
        return version
