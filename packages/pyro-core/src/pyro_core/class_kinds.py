"""How instances of a registered class are taken apart and put together again, for each kind of class.

Used by ``ClassRules.register``. What arrives is checked: only fields that the class declares are accepted,
and nothing that could be called replaces anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pyro_core import remote_errors
from pyro_core.convert import CLASS_KEY, EXCEPTION_KEY
from pyro_core.errors import SerializeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    ToDict = Callable[[Any], dict[str, Any]]
    FromDict = Callable[[str, dict[str, Any]], Any]

_FIELDS = "fields"


def rules_for(cls: type, tag: str) -> tuple[ToDict, FromDict]:
    """The two functions for a class.

    Args:
        cls: A dataclass, enum, named tuple, attrs class, pydantic model, exception, or a class whose
            instances have a ``__dict__`` or ``__slots__``.
        tag: The name under which it travels.

    Raises:
        TypeError: If it is none of these.
    """
    if not isinstance(cls, type):
        raise TypeError(f"only classes can be registered, got {cls!r:.120}")
    for applies, make, layout in _KINDS:
        if applies(cls):
            return _functions(cls, tag, make(cls), layout)
    raise TypeError(
        f"cannot tell how to take instances of {cls.__module__}.{cls.__qualname__} apart; use "
        "register_class_to_dict and register_dict_to_class with functions of your own"
    )


def _put_apart(tag: str, fields: Any) -> dict[str, Any]:
    return {CLASS_KEY: tag, _FIELDS: fields}


def _get_apart(wire: dict[str, Any]) -> Any:
    if _FIELDS not in wire:
        raise SerializeError(
            f"{wire[CLASS_KEY]} arrived without its fields; is it registered at the other side, too?"
        )
    return wire[_FIELDS]


def _put_beside(tag: str, fields: Any) -> dict[str, Any]:
    return {CLASS_KEY: tag, EXCEPTION_KEY: True, **fields}


def _get_beside(wire: dict[str, Any]) -> Any:
    return {key: value for key, value in wire.items() if key not in (CLASS_KEY, EXCEPTION_KEY)}


_APART = (_put_apart, _get_apart)
_AS_AN_EXCEPTION = (_put_beside, _get_beside)
"""As any other exception travels: a peer that does not know the class still gets all there is to tell."""


def _functions(
    cls: type,
    tag: str,
    fields: tuple[Callable[[Any], Any], Callable[[Any], Any]],
    layout: tuple[Callable[[str, Any], dict[str, Any]], Callable[[dict[str, Any]], Any]],
) -> tuple[ToDict, FromDict]:
    to_fields, from_fields = fields
    put, get = layout

    def write(value: Any) -> dict[str, Any]:
        return put(tag, to_fields(value))

    def read(_tag: str, wire: dict[str, Any]) -> Any:
        try:
            return from_fields(get(wire))
        except SerializeError:
            raise
        except Exception as problem:
            raise SerializeError(
                f"cannot make a {cls.__qualname__} of what arrived: {type(problem).__name__}: {problem}"
            ) from problem

    return write, read


def _declared(cls: type, fields: Any, names: Sequence[str]) -> dict[str, Any]:
    """The received fields. Raises SerializeError if there are others than the class declares."""
    if not isinstance(fields, Mapping):
        raise SerializeError(
            f"the fields of a {cls.__qualname__} must be a dict, got {type(fields).__name__}"
        )
    extra = [name for name in fields if name not in names]
    if extra:
        raise SerializeError(
            f"{cls.__qualname__} has no field {extra[0]!r}; it has {', '.join(names) or 'none'}"
        )
    return dict(fields)


def _is_enum(cls: type) -> bool:
    from enum import Enum

    return issubclass(cls, Enum)


def _enum(cls: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    def read(name: Any) -> Any:
        # A combination of flags has no name of its own.
        return cls[name] if isinstance(name, str) else cls(name)

    return lambda member: member.name if member.name in cls.__members__ else member.value, read


def _is_named_tuple(cls: type) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields") and hasattr(cls, "_make")


def _named_tuple(cls: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    return list, lambda items: cls(*items)


def _is_dataclass(cls: type) -> bool:
    return "__dataclass_fields__" in vars(cls)


def _dataclass(cls: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    from dataclasses import fields

    declared = fields(cls)
    names = [field.name for field in declared]
    late = [field.name for field in declared if not field.init]

    def read(received: Any) -> Any:
        values = _declared(cls, received, names)
        others = {name: values.pop(name) for name in late if name in values}
        made = cls(**values)
        for name, value in others.items():
            object.__setattr__(made, name, value)
        return made

    return lambda value: {name: getattr(value, name) for name in names if hasattr(value, name)}, read


def _is_attrs(cls: type) -> bool:
    return "__attrs_attrs__" in vars(cls)


def _attrs(cls: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    declared = list(cls.__attrs_attrs__)
    names = [field.name for field in declared]

    def read(received: Any) -> Any:
        values = _declared(cls, received, names)
        given = {field.alias: values[field.name] for field in declared if field.init and field.name in values}
        made = cls(**given)
        for field in declared:
            if not field.init and field.name in values:
                object.__setattr__(made, field.name, values[field.name])
        return made

    return lambda value: {name: getattr(value, name) for name in names}, read


def _is_pydantic(cls: type) -> bool:
    return hasattr(cls, "model_validate") and hasattr(cls, "model_dump")


def _pydantic(cls: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    return lambda value: value.model_dump(by_alias=True), cls.model_validate


def _is_exception(cls: type) -> bool:
    return issubclass(cls, Exception)


def _exception(cls: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    def to_fields(error: Any) -> Any:
        return {"args": list(error.args), "attributes": dict(vars(error))}

    def read(received: Any) -> Any:
        values = _declared(cls, received, ("args", "attributes"))
        args = tuple(values.get("args", ()))
        try:
            error = cls(*args)
        except TypeError:  # its __init__ takes something else than it passes on
            error = cls.__new__(cls, *args)
            error.args = args
        remote_errors.set_attributes(error, values.get("attributes"))
        return error

    return to_fields, read


def _is_plain(cls: type) -> bool:
    return cls.__module__ != "builtins" and not _is_foreign_container(cls)


def _is_foreign_container(cls: type) -> bool:
    return issubclass(cls, int | float | str | bytes | list | dict | set | tuple | BaseException)


def _plain(cls: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    slots = [
        name
        for base in cls.__mro__
        for name in _slot_names(vars(base).get("__slots__", ()))
        if name not in ("__dict__", "__weakref__")
    ]

    def to_fields(value: Any) -> Any:
        own = {name: getattr(value, name) for name in slots if hasattr(value, name)}
        return {**own, **getattr(value, "__dict__", {})}

    def read(received: Any) -> Any:
        names = list(received) if isinstance(received, Mapping) else []
        values = _declared(cls, received, names)
        made = cls.__new__(cls)
        for name, value in values.items():
            if not isinstance(name, str) or name.startswith("__") or callable(getattr(cls, name, None)):
                raise SerializeError(f"{name!r} cannot be a field of a {cls.__qualname__}")
            if name not in slots and not hasattr(made, "__dict__"):
                raise SerializeError(f"{cls.__qualname__} has no field {name!r}")
            object.__setattr__(made, name, value)
        return made

    return to_fields, read


def _slot_names(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


_KINDS: Sequence[
    tuple[
        Callable[[type], bool],
        Callable[[Any], tuple[Callable[[Any], Any], Callable[[Any], Any]]],
        tuple[Callable[[str, Any], dict[str, Any]], Callable[[dict[str, Any]], Any]],
    ]
]
_KINDS = (
    (_is_enum, _enum, _APART),
    (_is_named_tuple, _named_tuple, _APART),
    (_is_dataclass, _dataclass, _APART),
    (_is_attrs, _attrs, _APART),
    (_is_pydantic, _pydantic, _APART),
    (_is_exception, _exception, _AS_AN_EXCEPTION),
    (_is_plain, _plain, _APART),
)
"""Whether it is for a class; how its instances become fields, and back; how these travel."""
