"""Names with dots: members of objects that are reached through exposed properties of others."""

from collections.abc import Callable
from typing import Any

from pyro_core.members import Attribute, MemberTable, Method
from pyro_server.refusals import not_exposed

MembersOf = Callable[[Any], MemberTable]


class DottedMethod(Method):
    """A method of an object that another one leads to."""

    __slots__ = ()

    def bound_to(self, instance: Any, cls: type) -> Callable[..., Any]:
        return self.bind(instance, cls)


def dotted_method(members_of: MembersOf, name: str) -> Method:
    """The method that a name with dots leads to. Calling it raises AttributeError if there is none.

    Args:
        members_of: Gives the exposed members of an object.
        name: The name.
    """

    def bind(instance: Any, cls: type) -> Callable[..., Any]:
        owner, last = _walk(members_of, instance, name)
        members = members_of(owner)
        if last not in members.methods:
            raise not_exposed(name)
        return members.methods[last].bound_to(owner, members.cls)

    return DottedMethod(name, bind, oneway=False, callback=False)


def dotted_attribute(members_of: MembersOf, name: str) -> Attribute:
    """The property that a name with dots leads to. Using it raises AttributeError if there is none.

    Args:
        members_of: Gives the exposed members of an object.
        name: The name.
    """

    def get(instance: Any) -> Any:
        owner, last = _walk(members_of, instance, name)
        return _read(members_of, owner, last, name)

    def put(instance: Any, value: Any) -> None:
        owner, last = _walk(members_of, instance, name)
        found = members_of(owner).attributes.get(last)
        if found is None or found.set is None:
            raise not_exposed(name)
        found.set(owner, value)

    return Attribute(name, get, put)


def _walk(members_of: MembersOf, start: Any, name: str) -> tuple[Any, str]:
    """The object that has the last part of a name, and that part. Only exposed properties are followed."""
    *steps, last = name.split(".")
    owner = start
    for step in steps:
        owner = _read(members_of, owner, step, name)
        if isinstance(owner, type):
            raise not_exposed(name)  # what its instances expose is not its own
    return owner, last


def _read(members_of: MembersOf, owner: Any, step: str, name: str) -> Any:
    found = members_of(owner).attributes.get(step)
    if found is None or found.get is None:
        raise not_exposed(name)
    return found.get(owner)
