"""What a class offers: one table per class, built when an object of it is registered.

Calls are looked up in the table and nowhere else. So a name that was never exposed does not exist, whatever
it holds, and refusing it runs none of the user's code.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from pyro_core.errors import DaemonError
from pyro_core.expose import (
    CALLBACK_MARK,
    EXPOSED_MARK,
    IDEMPOTENT_MARK,
    ONEWAY_MARK,
    accessors,
    is_private,
)
from pyro_core.metadata import Metadata

Getter = Callable[[Any], Any]
Setter = Callable[[Any, Any], None]


class Method(NamedTuple):
    """An exposed method.

    Attributes:
        name: Its name.
        bind: Called with an instance (or None) and its class; gives what to call.
        oneway: Clients do not wait for an answer.
        callback: Its errors are reported here too.
        asynchronous: It is an ``async def`` function, or an asynchronous generator.
        idempotent: Clients may simply call it again.
    """

    name: str
    bind: Callable[[Any, type], Callable[..., Any]]
    oneway: bool
    callback: bool
    asynchronous: bool = False
    idempotent: bool = False

    def bound_to(self, instance: Any, cls: type) -> Callable[..., Any]:
        """What to call for an instance of ``cls``, the class that this was found in, or of a subclass."""
        if type(instance) is cls:
            return self.bind(instance, cls)
        found: Callable[..., Any] = getattr(instance, self.name)
        return found


class Attribute(NamedTuple):
    """An exposed property.

    Attributes:
        name: Its name.
        get: Reads it from an instance; None if it cannot be read.
        set: Writes it; None if it cannot be written.
    """

    name: str
    get: Getter | None
    set: Setter | None


class MemberTable:
    """The exposed members of one class.

    Attributes:
        cls: The class.
        methods: Name -> method.
        attributes: Name -> property.
        metadata: The names, as clients learn them.
        greetings: Encoded answers to handshakes, per serializer: they hold the metadata, which never changes.
        description: Signatures and docs as they travel; None until somebody asks for them.
    """

    __slots__ = ("attributes", "cls", "description", "greetings", "metadata", "methods")

    def __init__(self, cls: type, methods: Mapping[str, Method], attributes: Mapping[str, Attribute]) -> None:
        self.cls = cls
        self.methods = methods
        self.attributes = attributes
        self.metadata = Metadata(
            methods=frozenset(methods),
            oneway=frozenset(name for name, method in methods.items() if method.oneway),
            attrs=frozenset(attributes),
            idempotent=frozenset(name for name, method in methods.items() if method.idempotent),
        )
        self.greetings: dict[object, bytes] = {}
        self.description: dict[str, Any] | None = None


def members_of(cls: type, expose: Iterable[str] = (), *, overrides_keep_marks: bool = True) -> MemberTable:
    """Build the table of a class.

    A name is exposed if the class or one of its bases marks it; what is called is what the class itself has
    under that name, so overriding a method does not un-expose it. Plain attributes are never exposed.

    Args:
        cls: The class.
        expose: Names to expose beside those that are marked, for classes without decorators.
        overrides_keep_marks: Whether what overrides a marked member counts as marked.

    Raises:
        DaemonError: If a name in ``expose`` is private, or is not a method or property of the class.
    """
    wanted = frozenset(expose)
    methods: dict[str, Method] = {}
    attributes: dict[str, Attribute] = {}
    for name in {name for base in cls.__mro__ for name in vars(base)} | wanted:
        if is_private(name):
            if name in wanted:
                raise DaemonError(f"cannot expose {name!r} of {cls.__name__}: the name is private")
            continue
        definitions = [vars(base)[name] for base in cls.__mro__ if name in vars(base)]
        current = definitions[0] if definitions else None
        if not overrides_keep_marks:
            del definitions[1:]
        if name in wanted and not any(accessors(current)):
            raise DaemonError(
                f"cannot expose {name!r} of {cls.__name__}: it is not a method or property of the class"
            )
        if name not in wanted and not _marked(definitions, EXPOSED_MARK):
            continue
        if isinstance(current, property | functools.cached_property):
            attributes[name] = _attribute(name, current)
        elif any(accessors(current)):
            methods[name] = Method(
                name,
                _binder(current),
                _marked(definitions, ONEWAY_MARK),
                _marked(definitions, CALLBACK_MARK),
                any(map(_is_asynchronous, accessors(current))),
                _marked(definitions, IDEMPOTENT_MARK),
            )
    return MemberTable(cls, methods, attributes)


def _marked(definitions: Iterable[object], mark: str) -> bool:
    return any(
        getattr(function, mark, False) is True for value in definitions for function in accessors(value)
    )


def _is_asynchronous(function: Any) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _binder(value: Any) -> Callable[[Any, type], Callable[..., Any]]:
    """Gives what Python itself would call for ``instance.name``, without asking the instance."""
    kind = type(value)
    if not hasattr(kind, "__get__"):  # a builtin function kept as a class attribute: used as it is
        return lambda _instance, _cls: value
    return functools.partial(kind.__get__, value)


def _attribute(name: str, value: Any) -> Attribute:
    if isinstance(value, functools.cached_property):
        return Attribute(name, lambda instance: value.__get__(instance, type(instance)), None)
    return Attribute(name, value.fget, value.fset)
