"""Finding what a client wants to use, without going where the policy does not let it."""

from importlib import import_module
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any, Final

from pyro_core.errors import SecurityError
from pyro_flame.policy import Policy, refused

OPERATORS: Final = frozenset(
    {"__call__", "__contains__", "__enter__", "__exit__", "__getitem__", "__len__", "__setitem__", "__str__"}
)
"""What syntax calls; not private, and not a way to anywhere."""
_INTERNAL: Final = (FrameType, TracebackType, CodeType)
"""Ways to the variables of all code, under public names such as those of generators."""


def find_module(policy: Policy, name: str) -> ModuleType:
    """The module of a name; it is imported if need be.

    Args:
        policy: Says what is allowed.
        name: Its full name.

    Raises:
        SecurityError: If nothing of it may be used.
        ImportError: If there is no such module.
    """
    if not (policy.allows_inside(name) or policy.allows_on_the_way(name)):
        raise _refused(name)
    return import_module(name)


def find_member(policy: Policy, module: str, path: str) -> Any:
    """A member of a module, or of something in it.

    Args:
        policy: Says what is allowed.
        module: Full name of the module.
        path: Name of the member in the module, with dots.

    Raises:
        SecurityError: If it may not be used.
        ImportError: If there is no such module.
        AttributeError: If there is no such member.
    """
    if not (policy.allows_inside(module) or policy.allows_on_the_way(module)):
        raise _refused(f"{module}.{path}")
    found: Any = import_module(module)
    reached = module
    allowed = policy.allows_inside(module)
    elsewhere = False  # in a module that another one merely imports: patterns do not mean that
    for name in path.split("."):
        reached = f"{reached}.{name}"
        if name.startswith("_") and not policy.allows_private:
            raise refused(f"the private {reached!r}", 'Policy(calls=["*"])')
        listed = reached in policy.calls or (not elsewhere and policy.allows_inside(reached))
        allowed = allowed or listed
        found = _member(found, name, may_import=allowed or policy.allows_on_the_way(reached))
        _check_internal(policy, found, reached)
        if isinstance(found, ModuleType):  # which may be quite another one than the name tells
            elsewhere = found.__name__ != reached
            allowed = policy.allows_inside(found.__name__) or reached in policy.calls
        if not (allowed or policy.allows_on_the_way(reached)):
            raise _refused(reached)
    if not allowed and not isinstance(found, ModuleType):
        raise _refused(reached)
    return found


def find_inside(policy: Policy, owner: Any, path: str) -> Any:
    """A member of an object that a client was given; of modules only those that it may use.

    Args:
        policy: Says what is allowed.
        owner: The object.
        path: Name of the member, with dots; empty for the object itself.

    Raises:
        SecurityError: If it may not be used.
        AttributeError: If there is no such member.
    """
    found = owner
    for name in path.split(".") if path else ():
        if name.startswith("_") and name not in OPERATORS and not policy.allows_private:
            raise refused(f"the private {path!r} of an object", 'Policy(calls=["*"])')
        _check_internal(policy, found, path)
        found = getattr(found, name)
        _check_internal(policy, found, path)
        if isinstance(found, ModuleType):
            find_module(policy, found.__name__)
    return found


def members_of(policy: Policy, module: str) -> dict[str, bool]:
    """Names in a module that may be used -> whether they can be called.

    Raises:
        SecurityError: If nothing of it may be used.
        ImportError: If there is no such module.
    """
    found: dict[str, bool] = {}
    for name in list(vars(find_module(policy, module))):
        try:
            found[name] = callable(find_member(policy, module, name))
        except SecurityError:
            continue
    return found


def _member(owner: Any, name: str, *, may_import: bool) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError:
        if not (may_import and isinstance(owner, ModuleType) and hasattr(owner, "__path__")):
            raise
        try:
            return import_module(f"{owner.__name__}.{name}")
        except ModuleNotFoundError:
            pass
        raise


def _check_internal(policy: Policy, value: Any, name: str) -> None:
    if isinstance(value, _INTERNAL) and not policy.allows_private:
        raise refused(f"{name!r} ({type(value).__name__})", 'Policy(calls=["*"])')


def _refused(name: str) -> SecurityError:
    return refused(repr(name), f"Policy(calls=[{name!r}])")
