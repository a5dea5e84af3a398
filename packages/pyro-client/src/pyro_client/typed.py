"""Proxies with the type of what they stand for, so that type checkers and editors can help.

An interface is a ``Protocol``, an abstract class, or the remote class itself; for an ``AsyncProxy`` one with
``async def`` methods. ``pyro-cli gen stubs`` writes both kinds. At run time a typed proxy is a plain
``Proxy`` or ``AsyncProxy``: nothing of the interface is used, unless it is to be checked.

The parameters are ``Callable[..., T]`` rather than ``type[T]``, for which mypy takes no protocols.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from typing import TYPE_CHECKING, Any, TypeVar, overload

from pyro_client.control import Control
from pyro_client.proxy import Proxy
from pyro_core.convert import ClassRules
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI

if TYPE_CHECKING:
    from pyro_client.async_proxy import AsyncControl, AsyncProxy

T = TypeVar("T")


@overload
def connect(
    uri: str | URI,
    interface: None = None,
    *,
    settings: ClientSettings | None = None,
    rules: ClassRules | None = None,
) -> Proxy: ...
@overload
def connect(
    uri: str | URI,
    interface: Callable[..., T],
    *,
    check: bool = False,
    settings: ClientSettings | None = None,
    rules: ClassRules | None = None,
) -> T: ...
def connect(
    uri: str | URI,
    interface: Any = None,
    *,
    check: bool = False,
    settings: ClientSettings | None = None,
    rules: ClassRules | None = None,
) -> Any:
    """A ``Proxy`` that type checkers take for an instance of an interface.

    It connects when it is used first. What a proxy has beside the interface is at ``control_of(proxy)``; for
    a ``with`` statement there is ``connecting``, as an interface says nothing about that.

    Args:
        uri: As for ``Proxy``.
        interface: The class to take it for; None for a plain ``Proxy``.
        check: Connect at once, and compare the interface with what the remote object offers.
        settings: How to behave; None reads the environment.
        rules: Classes that can be sent and received.

    Raises:
        TypeError: If the interface is no class, or was checked and does not fit; it says what is missing.
        CommunicationError: If the server cannot be reached to check.
    """
    _require_class(interface)
    proxy = Proxy(uri, settings=settings, rules=rules)
    if check and interface is not None:
        try:
            check_interface(proxy, interface)
        except BaseException:
            proxy._pyro.release()
            raise
    return proxy


@overload
def connecting(
    uri: str | URI,
    interface: None = None,
    *,
    settings: ClientSettings | None = None,
    rules: ClassRules | None = None,
) -> AbstractContextManager[Proxy]: ...
@overload
def connecting(
    uri: str | URI,
    interface: Callable[..., T],
    *,
    check: bool = False,
    settings: ClientSettings | None = None,
    rules: ClassRules | None = None,
) -> AbstractContextManager[T]: ...
@contextmanager
def connecting(
    uri: str | URI,
    interface: Any = None,
    *,
    check: bool = False,
    settings: ClientSettings | None = None,
    rules: ClassRules | None = None,
) -> Iterator[Any]:
    """``connect`` for a ``with`` statement, which closes the connection at its end; arguments as there."""
    with Proxy(uri, settings=settings, rules=rules) as proxy:
        _require_class(interface)
        if check and interface is not None:
            check_interface(proxy, interface)
        yield proxy


@overload
def connect_async(
    uri: str | URI,
    interface: None = None,
    *,
    settings: ClientSettings | None = None,
    rules: ClassRules | None = None,
) -> "AsyncProxy": ...
@overload
def connect_async(
    uri: str | URI,
    interface: Callable[..., T],
    *,
    settings: ClientSettings | None = None,
    rules: ClassRules | None = None,
) -> T: ...
def connect_async(
    uri: str | URI,
    interface: Any = None,
    *,
    settings: ClientSettings | None = None,
    rules: ClassRules | None = None,
) -> Any:
    """An ``AsyncProxy`` that type checkers take for an instance of an interface with ``async def`` methods.

    It connects when it is used first. What a proxy has beside the interface is at
    ``async_control_of(proxy)``; ``connecting_async`` is for ``async with`` and can check the interface.

    Args:
        uri: As for ``AsyncProxy``.
        interface: The class to take it for; None for a plain ``AsyncProxy``.
        settings: How to behave; None reads the environment.
        rules: Classes that can be sent and received.

    Raises:
        TypeError: If the interface is no class.
    """
    from pyro_client.async_proxy import AsyncProxy

    _require_class(interface)
    return AsyncProxy(uri, settings=settings, rules=rules)


@overload
def connecting_async(
    uri: str | URI,
    interface: None = None,
    *,
    settings: ClientSettings | None = None,
    rules: ClassRules | None = None,
) -> AbstractAsyncContextManager["AsyncProxy"]: ...
@overload
def connecting_async(
    uri: str | URI,
    interface: Callable[..., T],
    *,
    check: bool = False,
    settings: ClientSettings | None = None,
    rules: ClassRules | None = None,
) -> AbstractAsyncContextManager[T]: ...
@asynccontextmanager
async def connecting_async(
    uri: str | URI,
    interface: Any = None,
    *,
    check: bool = False,
    settings: ClientSettings | None = None,
    rules: ClassRules | None = None,
) -> AsyncIterator[Any]:
    """``connect_async`` for an ``async with`` statement, which closes the connection at its end.

    Args:
        uri: As for ``AsyncProxy``.
        interface: The class to take it for; None for a plain ``AsyncProxy``.
        check: Connect at once, and compare the interface with what the remote object offers.
        settings: How to behave; None reads the environment.
        rules: Classes that can be sent and received.

    Raises:
        TypeError: If the interface is no class, or was checked and does not fit; it says what is missing.
        CommunicationError: If the server cannot be reached to check.
    """
    async with connect_async(uri, settings=settings, rules=rules) as proxy:
        _require_class(interface)
        if check and interface is not None:
            await check_interface_async(proxy, interface)
        yield proxy


def control_of(proxy: object) -> Control:
    """What controls a typed proxy, whose type has no ``_pyro``.

    Args:
        proxy: What ``connect`` gave, whatever its type.

    Raises:
        TypeError: If it is not a ``Proxy``.
    """
    if not isinstance(proxy, Proxy):
        raise TypeError(f"expected a Proxy, as connect() gives, got {type(proxy).__name__}")
    return proxy._pyro


def async_control_of(proxy: object) -> "AsyncControl":
    """What controls a typed asyncio proxy, whose type has no ``_pyro``.

    Args:
        proxy: What ``connect_async`` gave, whatever its type.

    Raises:
        TypeError: If it is not an ``AsyncProxy``.
    """
    from pyro_client.async_proxy import AsyncProxy

    if not isinstance(proxy, AsyncProxy):
        raise TypeError(f"expected an AsyncProxy, as connect_async() gives, got {type(proxy).__name__}")
    return proxy._pyro


def check_interface(proxy: object, interface: Callable[..., Any]) -> None:
    """Compare an interface with what a remote object offers, connecting if need be.

    Names are compared with any server; parameters with those that tell them.

    Args:
        proxy: A ``Proxy``, whatever its type.
        interface: The class with the methods and attributes that are wanted.

    Raises:
        TypeError: If something is missing or different; the message lists it.
        CommunicationError: If the server cannot be reached.
    """
    from pyro_client.interfaces import require

    control = control_of(proxy)
    require(interface, control.uri, control.known_metadata(), control.describe(), awaited=False)


async def check_interface_async(proxy: object, interface: Callable[..., Any]) -> None:
    """As ``check_interface``, for an ``AsyncProxy``; methods of the interface must be ``async def``."""
    from pyro_client.interfaces import require

    control = async_control_of(proxy)
    if not control.metadata:
        await control.bind()
    require(interface, control.uri, control.metadata, await control.describe(), awaited=True)


def _require_class(interface: object) -> None:
    if interface is not None and not isinstance(getattr(interface, "__origin__", interface), type):
        raise TypeError(f"an interface is a class, such as a Protocol; got {interface!r}")
