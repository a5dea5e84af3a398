"""What clients get instead of values that cannot travel: numbers of objects that stay here."""

import pickle
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import count
from types import FunctionType, ModuleType
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

from pyro_core.context import CallContext, current_call

_SINGLE: Final = frozenset(
    {type(None), type(...), bool, int, float, complex, str, bytes, bytearray, datetime, date, time, timedelta}
) | {Decimal, Fraction, UUID, range}
_SEVERAL: Final = frozenset({list, tuple, set, frozenset})
_UNSAFE: Final = frozenset({"pickle", "cloudpickle", "dill"})
"""Serializers that carry nearly everything; a client uses one only where the daemon accepts it."""
_numbers: Final = count(1)
"""Of all objects in this process: an old number means nothing else after a new connection was made."""

Reply = tuple[Any, ...]
"""``("value", VALUE)``, ``("module", NAME)`` or ``("object", NUMBER, TYPE)``."""


class Holdings:
    """The objects that one connection has numbers of. They go when it does, or when the client says so."""

    def __init__(self) -> None:
        self._objects: dict[int, Any] = {}

    def reply(self, value: Any, call: CallContext) -> Reply:
        """What to answer: the value if it can travel, else a number for it.

        Args:
            value: Anything.
            call: For which it is the answer.
        """
        if isinstance(value, ModuleType):
            return "module", value.__name__
        if _travels(value, call):
            return "value", value
        number = next(_numbers)
        self._objects[number] = value
        cls = type(value)
        return "object", number, f"{cls.__module__}.{cls.__qualname__}"

    def get(self, number: int) -> Any:
        """The object with a number.

        Raises:
            LookupError: If it is gone.
        """
        try:
            return self._objects[number]
        except KeyError:
            raise LookupError(
                "that object is gone: it lives as long as the connection that it was got over"
            ) from None

    def drop(self, numbers: Sequence[int]) -> None:
        """The client needs some of them no longer."""
        for number in numbers:
            self._objects.pop(number, None)

    def put_in(
        self, args: Sequence[Any], kwargs: Mapping[str, Any], held: Mapping[str, int]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Arguments with the objects whose numbers the client gave in their place.

        Args:
            args: Positional arguments.
            kwargs: Keyword arguments.
            held: Position as text, or keyword -> number of the object.
        """
        positional, named = list(args), dict(kwargs)
        for place, number in held.items():
            if place.isdigit():
                positional[int(place)] = self.get(number)
            else:
                named[place] = self.get(number)
        return positional, named

    def items(self, value: Any, call: CallContext) -> Iterator[Reply]:
        """The items of something iterable."""
        return (self.reply(item, call) for item in iter(value))


class AllHoldings:
    """Those of all connections."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Any, Holdings] = WeakKeyDictionary()

    def own(self) -> Holdings:
        """Those of the connection whose call is being served."""
        return self._of.setdefault(current_call().connection, Holdings())


def _travels(value: Any, call: CallContext) -> bool:
    kind = type(value)
    if kind in _SINGLE:
        return True
    if kind in _SEVERAL:
        return all(_travels(item, call) for item in value)
    if kind is dict:
        return all(_travels(key, call) and _travels(item, call) for key, item in value.items())
    if call.serializer in _UNSAFE:
        return _can_be_pickled(value)
    return call.daemon.rules.for_version(call.version).by_rule(value) is not None


def _can_be_pickled(value: Any) -> bool:
    """Whether pickle takes it. Not functions and classes, which would be those of the client there."""
    if isinstance(value, type | FunctionType) or callable(value):
        return False
    try:
        pickle.dumps(value)
    except Exception:  # whatever its methods raise: then it stays here
        return False
    return True
