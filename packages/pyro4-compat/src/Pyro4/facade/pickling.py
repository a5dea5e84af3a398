"""The pickles as Pyro4 uses them: the classes of this package travel under their own names."""

import copyreg
import operator
from typing import Any, ClassVar

from Pyro4.facade.failures import classic
from Pyro4.futures import _ExceptionWrapper
from pyro_core import errors as native
from pyro_core.convert import BatchFailure, ClassCodec


class Pickling:
    """Mixed into a pickler class: what travels as something else."""

    codec: ClassVar[ClassCodec]

    def reducer_override(self, obj: Any) -> Any:
        """How to send an object of any class but the builtin containers and scalars."""
        if isinstance(obj, native.PyroError) and classic(obj) is not obj:
            return classic(obj).__reduce__()
        if type(obj) is BatchFailure:
            return _made_of(_ExceptionWrapper, {"exception": classic(obj.error)})
        rules = self.codec.rules
        if not isinstance(obj, type):
            other = obj if rules.replace is None else rules.replace(obj)
            if other is not obj:
                return operator.getitem, ((other,), 0)  # any Python can read it
            reference = None if rules.reference_of is None else rules.reference_of(obj)
            if reference is not None:
                from Pyro4.facade.calling import proxy_for

                proxy = proxy_for(reference)
                return _made_of(type(proxy), proxy.__getstate__())
        inherited = getattr(super(), "reducer_override", None)
        return NotImplemented if inherited is None else inherited(obj)


class Unpickling:
    """Mixed into an unpickler class: every name is that of a class or function of this process."""

    arrived: list[Any]


def _made_of(cls: type, state: Any) -> tuple[Any, ...]:
    """How a pickle makes an instance of a class with that state; any Python with the class can read it."""
    return copyreg._reconstructor, (cls, object, None), state  # type: ignore[attr-defined]
