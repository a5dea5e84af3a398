"""Objects of stock peers on their way out of a pickle.

A pickle makes an object first and gives it its state later. An address turns into ours at that moment. What a
proxy becomes is decided by the receiver's rules and may be anything, so that a place-holder is made and, when
the whole value is there, replaced.
"""

from typing import Any, ClassVar

from pyro_core.convert import CLASS_KEY, BatchFailure, ClassCodec
from pyro_core.uri import URI


class ArrivingURI(URI):
    """An address whose state is still to come; it ends up as a plain ``URI``."""

    __slots__ = ()

    def __new__(cls, *_: Any) -> "ArrivingURI":
        return object.__new__(cls)

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        known = URI.from_state(state)
        for name in URI.__slots__:
            object.__setattr__(self, name, getattr(known, name))
        object.__setattr__(self, "__class__", URI)


class Arrival:
    """A place-holder, and what has come in its place.

    Attributes:
        value: The object that takes the place.
    """

    value: Any = None


class ArrivingProxy(Arrival):
    """The place-holder of a proxy."""

    codec: ClassVar[ClassCodec]
    arrived: ClassVar[list[Arrival]]

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        wire = {CLASS_KEY: "Pyro4.core.Proxy", "state": (str(state[0]), *state[1:])}
        self.value = self.codec.from_wire(wire)
        self.arrived.append(self)


class ArrivingBatchFailure(BatchFailure):
    """The failed call of a batch."""

    __slots__ = ()

    def __new__(cls, *_: Any) -> "ArrivingBatchFailure":
        return object.__new__(cls)

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.error = state["exception"]


def replace_arrivals(value: Any) -> Any:
    """A received value with what came in place of the place-holders.

    They are found in containers of the builtin types and in the attributes of instances, at any depth.
    """
    return _replaced(value, {})


def _replaced(value: Any, seen: dict[int, Any]) -> Any:
    if isinstance(value, Arrival):
        return value.value
    if id(value) in seen:
        return seen[id(value)]
    kind = type(value)
    if kind is list or kind is dict:
        seen[id(value)] = value
        items = value.items() if kind is dict else enumerate(value)
        for key, item in list(items):
            value[key] = _replaced(item, seen)
    elif kind is tuple or kind is set or kind is frozenset:
        seen[id(value)] = value
        seen[id(value)] = kind([_replaced(item, seen) for item in value])
        return seen[id(value)]
    elif isinstance(getattr(value, "__dict__", None), dict) and not isinstance(value, type):
        seen[id(value)] = value
        _replaced(value.__dict__, seen)
    return value
