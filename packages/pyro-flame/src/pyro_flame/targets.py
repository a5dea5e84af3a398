"""Finding what a client wants to call, without going where the policy does not let it."""

from importlib import import_module
from types import ModuleType
from typing import Any

from pyro_core.errors import SecurityError
from pyro_flame.policy import Policy


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
    found: Any = find_module(policy, module)
    reached = module
    allowed = policy.allows_inside(module)
    for name in path.split("."):
        reached = f"{reached}.{name}"
        if name.startswith("_") and not policy.allows_private:
            raise _refused(reached)
        allowed = allowed or reached in policy.calls
        found = _member(found, name, may_import=allowed or policy.allows_on_the_way(reached))
        if isinstance(found, ModuleType):  # which may be quite another one than the name tells
            allowed = policy.allows_inside(found.__name__) or reached in policy.calls
        if not (allowed or policy.allows_on_the_way(reached)):
            raise _refused(reached)
    if not allowed:
        raise _refused(reached)
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


def _refused(name: str) -> SecurityError:
    return SecurityError(f"not allowed by the policy of this server: {name!r}")
