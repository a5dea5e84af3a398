"""The decorators of Pyro4, where they differ from the native ones."""

from collections.abc import Callable
from typing import Any

from pyro_core import expose as native


def behavior(instance_mode: Any = "session", instance_creator: Any = None) -> Callable[[Any], Any]:
    """Say which instances of a registered class serve its calls.

    Args:
        instance_mode: ``"session"``, ``"single"`` or ``"percall"``.
        instance_creator: Called with the class; gives the instance.

    Raises:
        SyntaxError: If written without parentheses.
        TypeError: If what is decorated is not a class, or the creator cannot be called.
        ValueError: If there is no such mode.
    """
    if not isinstance(instance_mode, str):
        native.behavior(instance_mode, instance_creator)

    def decorate(cls: Any) -> Any:
        if not isinstance(cls, type):
            raise TypeError(f"behavior decorator can only be used on a class, got {cls!r}")
        return native.behavior(instance_mode, instance_creator)(cls)

    return decorate


def expose(target: Any) -> Any:
    """Let remote clients use a method, a property, or everything public that a class itself defines.

    Raises:
        AttributeError: If the name is private, or it is nothing that can be exposed.
    """
    if isinstance(target, type):
        if target.__name__.startswith("_"):
            raise AttributeError(f"exposing private names is not allowed: '{target.__name__}'")
        setattr(target, native.EXPOSED_MARK, True)
    return native.expose(target)
