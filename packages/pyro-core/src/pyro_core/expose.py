"""Decorators that say what of a class other processes may use, and how.

Each of them only leaves a mark; what the marks amount to is decided when an object is registered (see
``members``). The marks have the names that the stock systems use, so that classes decorated for those can
be registered here as they are.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from types import MethodType
from typing import Any, Final, Literal, TypeVar, get_args

T = TypeVar("T")
InstanceMode = Literal["session", "single", "percall"]

EXPOSED_MARK: Final = "_pyroExposed"
ONEWAY_MARK: Final = "_pyroOneway"
CALLBACK_MARK: Final = "_pyroCallback"
IDEMPOTENT_MARK: Final = "_pyroIdempotent"
INSTANCING_MARK: Final = "_pyroInstancing"

# Names with two leading and trailing underscores that never are remote methods: they steer how Python
# itself handles an object.
_PRIVATE_WORDS: Final = """
    init init_subclass new del class module weakref dict slots
    repr str format unicode bool nonzero hash dir sizeof
    eq ne lt le gt ge cmp coerce
    enter exit copy deepcopy
    getattr getattribute hasattr setattr delattr
    instancecheck subclasscheck subclasshook
    getinitargs getnewargs getnewargs_ex getstate setstate getstate_for_dict setstate_from_dict
    reduce reduce_ex
"""
_PRIVATE_DUNDERS: Final = frozenset(f"__{word}__" for word in _PRIVATE_WORDS.split())


def is_private(name: str) -> bool:
    """Whether a name can never be used remotely, exposed or not.

    Source: the stock systems' rule, except that ``__call__`` may be exposed.
    """
    if not name.startswith("_"):
        return False
    is_dunder = len(name) > 4 and name.startswith("__") and name.endswith("__")
    return not is_dunder or name in _PRIVATE_DUNDERS


def expose(target: T) -> T:
    """Let remote clients use a method, a property, or everything public that a class itself defines.

    Works as a decorator, and as a plain function on a class of somebody else. Above ``@property``,
    ``@staticmethod`` and ``@classmethod``, not below. A subclass that overrides an exposed member keeps it
    exposed; members that a decorated class inherits keep what their own class said.

    Args:
        target: Function, property or class.

    Returns:
        The same object.

    Raises:
        AttributeError: If the name is private, or the target is nothing that can be exposed.
    """
    if isinstance(target, type):
        for name, value in list(vars(target).items()):
            if not is_private(name) and not isinstance(value, type):
                for function in accessors(value):
                    if hasattr(function, "__dict__"):  # not a function written in C, which takes no marks
                        setattr(function, EXPOSED_MARK, True)
        return target
    if isinstance(target, staticmethod | classmethod):
        kind = type(target).__name__
        raise AttributeError(
            f"@expose must be done after @{kind}: write it on the line below, next to the function "
            f"(here it is {target.__func__!r})"
        )
    functions = list(accessors(target))
    if not functions:
        raise AttributeError(
            f"cannot determine what this is: {target!r}; only methods, properties and classes can be exposed"
        )
    name = getattr(target, "__name__", "")
    if is_private(name):
        raise AttributeError(
            f"exposing private names is not allowed: {name!r}; rename it without the underscore"
        )
    for function in functions:
        _mark(function, EXPOSED_MARK)
    return target


def oneway(method: T) -> T:
    """Tell clients not to wait for an answer of this method: not for its result, not for its errors.

    Returns:
        The same function.
    """
    _mark_function(method, ONEWAY_MARK, "oneway")
    return method


def callback(method: T) -> T:
    """Report errors of this method on the side where it runs too, beside sending them to the caller.

    Meant for methods that are called back by a server, whose errors the program that owns the object
    would otherwise never see.

    Returns:
        The same function.
    """
    _mark_function(method, CALLBACK_MARK, "callback")
    return method


def idempotent(method: T) -> T:
    """Tell clients that calling this method twice does no more than calling it once.

    Clients that repeat calls whose connection failed (``max_retries``) then simply call it again, also on
    another server, and no server has to remember its answers.

    Returns:
        The same function.
    """
    _mark_function(method, IDEMPOTENT_MARK, "idempotent")
    return method


def behavior(
    instance_mode: InstanceMode = "session", instance_creator: Callable[[Any], Any] | None = None
) -> Callable[[type[T]], type[T]]:
    """Say which instances of a registered class serve its calls.

    Args:
        instance_mode: ``"session"`` makes one for each connection, ``"single"`` one for the daemon,
            ``"percall"`` one for each call.
        instance_creator: Called with the class; gives the instance. None calls the class without arguments.

    Returns:
        The decorator for the class.

    Raises:
        SyntaxError: If written without parentheses.
        ValueError: If there is no such mode.
        TypeError: If the creator cannot be called, or what is decorated is not a class.
    """
    if not isinstance(instance_mode, str):
        raise SyntaxError(
            'behavior decorator is missing argument(s): write @behavior(instance_mode="single")'
        )
    if instance_mode not in get_args(InstanceMode):
        raise ValueError(
            f"invalid instance mode {instance_mode!r}; choose one of {', '.join(get_args(InstanceMode))}"
        )
    if instance_creator is not None and not callable(instance_creator):
        raise TypeError(f"instance_creator must be a callable that takes the class, got {instance_creator!r}")

    def decorate(cls: type[T]) -> type[T]:
        if not isinstance(cls, type):
            raise TypeError(f"behavior decorator can only be used on a class, got {cls!r}")
        setattr(cls, INSTANCING_MARK, (instance_mode, instance_creator))
        return cls

    return decorate


def accessors(value: object) -> Iterator[Any]:
    """The functions behind a class attribute, which carry the marks; none if it cannot be exposed."""
    if isinstance(value, property):
        for function in (value.fget, value.fset, value.fdel):
            if function is not None:
                yield function
    elif isinstance(value, functools.cached_property):
        yield value.func
    elif isinstance(value, staticmethod | classmethod):
        yield value.__func__
    elif inspect.isroutine(value) and not isinstance(value, type | MethodType):
        yield value  # a bound method that a class merely holds belongs to another object


def _mark_function(method: object, mark: str, decorator: str) -> None:
    if isinstance(method, staticmethod | classmethod):
        raise AttributeError(
            f"@{decorator} must be done after @{type(method).__name__}: write it on the line below, "
            "next to the function"
        )
    if not inspect.isroutine(method):
        raise TypeError(f"{decorator} decorator can only be used on a method, got {method!r}")
    _mark(method, mark)


def _mark(function: Any, mark: str) -> None:
    try:
        setattr(function, mark, True)
    except AttributeError as problem:
        raise AttributeError(
            f"cannot mark {function!r}, because it takes no attributes; "
            "wrap it in a function of your own, or name it when registering: register(obj, expose=[...])"
        ) from problem
