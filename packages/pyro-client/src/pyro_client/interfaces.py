"""Compares an interface, such as a ``Protocol``, with what a remote object offers."""

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

from pyro_client.remote_members import signature_of
from pyro_core.descriptions import ClassDescription
from pyro_core.expose import accessors, is_private
from pyro_core.metadata import Metadata
from pyro_core.uri import URI

_PLAIN_BASES: Final = frozenset({"builtins", "typing", "typing_extensions", "abc"})
_SILENT_DUNDERS: Final = frozenset({"__class_getitem__", "__annotate__", "__annotate_func__"})
_Kind = inspect.Parameter


def require(
    interface: Callable[..., Any],
    uri: URI,
    metadata: Metadata,
    description: ClassDescription,
    *,
    awaited: bool,
) -> None:
    """Check that a remote object has everything that an interface has.

    Args:
        interface: The class.
        uri: That of the object, for the error.
        metadata: Names of its members.
        description: Their signatures; empty if they are not known.
        awaited: Whether the proxy is an ``AsyncProxy``.

    Raises:
        TypeError: If something is missing or different; the message lists it.
    """
    cls: Any = getattr(interface, "__origin__", interface)
    problems = []
    for name, member in sorted(members(cls).items()):
        if name not in metadata.methods and name not in metadata.attrs:
            problem = f"no such {'attribute' if _function(member) is None else 'method'}"
        elif _function(member) is None:
            problem = _attribute_shortfall(name, member, metadata, description, awaited=awaited)
        else:
            problem = _method_shortfall(name, member, metadata, description, awaited=awaited)
        if problem:
            problems.append(f"\n  {name}: {problem}")
    if problems:
        of_class = f" ({description.name})" if description.name else ""
        raise TypeError(f"the object {uri}{of_class} is no {cls.__qualname__}:{''.join(problems)}")


def members(cls: type) -> dict[str, Any]:
    """The public methods and attributes of an interface.

    Args:
        cls: The interface.

    Returns:
        Name -> what the class has under it; None for an attribute that is only annotated.
    """
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__module__ in _PLAIN_BASES:
            continue
        found.update((name, None) for name in _annotated(base) if not name.startswith("_"))
        found.update((name, value) for name, value in vars(base).items() if _is_member(name, value))
    return found


def _annotated(cls: type) -> list[str]:
    if sys.version_info >= (3, 14):
        from annotationlib import Format, get_annotations

        return list(get_annotations(cls, format=Format.STRING))
    return list(vars(cls).get("__annotations__", ()))


def _is_member(name: str, value: Any) -> bool:
    if name.startswith("_"):
        return inspect.isfunction(value) and not is_private(name) and name not in _SILENT_DUNDERS
    return not isinstance(value, type)


def _function(member: Any) -> Any:
    """The function of a method; None for what is no method."""
    if isinstance(member, property | functools.cached_property):
        return None
    return next(accessors(member), None)


def _attribute_shortfall(
    name: str, member: Any, metadata: Metadata, description: ClassDescription, *, awaited: bool
) -> str:
    """What is wrong with an attribute of an interface; empty if nothing is."""
    if name in metadata.methods:
        return "" if member is None else "a method there, an attribute in the interface"
    if awaited:
        getter = member.fget if isinstance(member, property) else None
        if getter is None or not _gives_awaitable(getter):
            return "must be a property that gives an Awaitable: attributes of an AsyncProxy are awaited"
    remote = description.attributes.get(name)
    writes = isinstance(member, property) and member.fset is not None
    return "cannot be written there" if writes and remote is not None and not remote.writable else ""


def _method_shortfall(
    name: str, member: Any, metadata: Metadata, description: ClassDescription, *, awaited: bool
) -> str:
    """What is wrong with a method of an interface; empty if nothing is."""
    if name in metadata.attrs:
        return "an attribute there, a method in the interface"
    function = _function(member)
    if awaited and not _gives_awaitable(function):
        return "must be 'async def' in the interface: methods of an AsyncProxy are awaited"
    if not awaited and inspect.iscoroutinefunction(function):
        return "must not be 'async def' in the interface: methods of a Proxy are not awaited"
    described = description.methods.get(name)
    if described is None or described.parameters is None:
        return ""
    return _different(_own_signature(member, function), signature_of(described))


def _gives_awaitable(function: Any) -> bool:
    if inspect.iscoroutinefunction(function):
        return True
    returns = str(getattr(function, "__annotations__", {}).get("return", ""))
    return "Awaitable[" in returns or "Coroutine[" in returns


def _own_signature(member: Any, function: Any) -> inspect.Signature:
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    return signature.replace(parameters=parameters[not isinstance(member, staticmethod) :])


def _different(wanted: inspect.Signature, offered: inspect.Signature) -> str:
    """Which calls that the interface allows are refused there; empty if none are."""
    for args, kwargs in _calls(wanted):
        try:
            offered.bind(*args, **kwargs)
        except TypeError as problem:
            return f"takes {_short(offered)} there, {_short(wanted)} in the interface ({problem})"
    return ""


def _calls(signature: inspect.Signature) -> Iterator[tuple[list[None], dict[str, None]]]:
    """Calls with all arguments and with the least, with names and without where the interface allows both."""
    variadic = (_Kind.VAR_POSITIONAL, _Kind.VAR_KEYWORD)
    everything = [one for one in signature.parameters.values() if one.kind not in variadic]
    required = [one for one in everything if one.default is one.empty]
    for parameters in (everything, required):
        for unnamed in ((_Kind.POSITIONAL_ONLY, _Kind.POSITIONAL_OR_KEYWORD), (_Kind.POSITIONAL_ONLY,)):
            by_name = [one.name for one in parameters if one.kind not in unnamed]
            yield [None] * (len(parameters) - len(by_name)), dict.fromkeys(by_name)


def _short(signature: inspect.Signature) -> str:
    """Names and defaults, without annotations."""
    bare = [one.replace(annotation=one.empty) for one in signature.parameters.values()]
    return str(inspect.Signature(bare))
