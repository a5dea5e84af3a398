"""Bases of small value classes.

They do what a dataclass would do here. The module ``dataclasses`` itself brings along ``inspect``, ``re`` and
``ast``, which cost a client program more time to import than all of this system's own code.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, NoReturn


class Record:
    """Equality, ``repr`` and pickling by the fields, which a subclass lists in ``__slots__``.

    A subclass takes its fields as arguments in the same order.
    """

    __slots__: tuple[str, ...] = ()

    def __init_subclass__(cls) -> None:
        type.__setattr__(cls, "__match_args__", cls.__slots__)  # the fields, in their order

    def _values(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in self.__slots__])

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    __hash__: ClassVar[Any] = None  # it may change

    def __repr__(self) -> str:
        fields = ", ".join([f"{name}={getattr(self, name)!r}" for name in self.__slots__])
        return f"{type(self).__name__}({fields})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._values()


class FrozenRecord(Record):
    """A record that does not change, and can be a key. Its fields are set with ``_fill``."""

    __slots__ = ()

    def _fill(self, *values: Any) -> None:
        names: tuple[str, ...] = self.__slots__
        for name, value in zip(names, values, strict=True):
            object.__setattr__(self, name, value)

    def __hash__(self) -> int:
        return hash(self._values())

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(
            f"a {type(self).__name__} does not change: cannot set {name} to {value!r}; make a new one"
        )

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} does not change: cannot delete {name}")
