"""What classes expose, by the rules of Pyro4."""

from collections.abc import Iterable
from typing import Any

from Pyro4.configuration import config
from pyro_core.expose import EXPOSED_MARK, accessors, is_private
from pyro_core.members import MemberTable, members_of

_tables: dict[tuple[type, bool], MemberTable] = {}


def public_names(cls: type) -> set[str]:
    """Names of all methods and properties that are not private."""
    found = {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()}
    inherited = set(vars(object))
    return {
        name
        for name, value in found.items()
        if name not in inherited and not is_private(name) and any(accessors(value))
    }


def exposed(obj: Any, *, only_exposed: bool = True, use_cache: bool = True) -> MemberTable:
    """The members that are exposed.

    Args:
        obj: An object or a class.
        only_exposed: Only what is decorated; else everything public.
        use_cache: Give what was found earlier.
    """
    cls = obj if isinstance(obj, type) else type(obj)
    key = (cls, only_exposed)
    if not use_cache or key not in _tables:
        _tables[key] = table_of(cls, () if only_exposed else public_names(cls))
    return _tables[key]


def table_of(cls: type, expose: Iterable[str]) -> MemberTable:
    """The members that a class marks itself, and those whose names are given.

    What overrides an exposed member must be marked as well, and ``__call__`` is private.
    """
    table = members_of(cls, expose, overrides_keep_marks=False)
    methods = {name: method for name, method in table.methods.items() if not is_private_attribute(name)}
    return MemberTable(cls, methods, table.attributes)


def forget(obj: Any, *, only_exposed: bool = True) -> None:
    """Look again at what a class exposes."""
    cls = obj if isinstance(obj, type) else type(obj)
    _tables.pop((cls, only_exposed), None)


def attribute(obj: Any, name: str, *, only_exposed: bool = True) -> Any:
    """The exposed property of that name.

    Raises:
        AttributeError: If there is none.
    """
    if is_private(name):
        raise AttributeError(f"attempt to access private attribute '{name}'")
    found = exposed(obj, only_exposed=only_exposed).attributes.get(name)
    if found is None:
        raise AttributeError(f"attempt to access unexposed or unknown remote attribute '{name}'")
    return found


def member(obj: Any, name: str) -> Any:
    """What an object has under a name, if that is exposed itself.

    Raises:
        AttributeError: If it is private, is not there, or is not exposed.
    """
    if is_private_attribute(name):
        raise AttributeError(f"attempt to access private attribute '{name}'")
    found = getattr(obj, name)
    if config.REQUIRE_EXPOSE and not getattr(found, EXPOSED_MARK, False):
        raise AttributeError(f"attempt to access unexposed attribute '{name}'")
    return found


def is_private_attribute(name: str) -> bool:
    """Whether a name can never be used remotely."""
    return is_private(name) or name == "__call__"
