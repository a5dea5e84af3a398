"""Typed proxies at run time; what type checkers say of them is shown in the integration tests."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Generic, Protocol, TypeVar

import pytest

import pyro_client
from pyro_client import AsyncProxy, CommunicationError, Proxy
from pyro_core.descriptions import (
    AttributeDescription,
    ClassDescription,
    MethodDescription,
    ParameterDescription,
)
from pyro_core.settings import ClientSettings

T = TypeVar("T")


def described(name: str, *parameters: str) -> MethodDescription:
    return MethodDescription(
        name, "method", tuple(ParameterDescription(one, "positional") for one in parameters)
    )


DESCRIPTION = ClassDescription(
    "Thing",
    "",
    {"add": described("add", "a", "b"), "echo": described("echo", "value")},
    {"x": AttributeDescription("x", "int", False)},
)


class Adding(Protocol):
    x: int

    def add(self, a: int, b: int) -> int: ...


class AsyncAdding(Protocol):
    async def add(self, a: int, b: int) -> int: ...

    def echo(self, value: int) -> Awaitable[int]: ...


@pytest.fixture
def told(server: Any) -> Any:
    server.scripts["describe_members"] = lambda peer, call: peer.reply(DESCRIPTION.to_wire())
    return server


def test_a_typed_proxy_is_a_proxy_that_connects_when_it_is_used(
    server: Any, settings: ClientSettings
) -> None:
    proxy = pyro_client.connect(server.uri, Adding, settings=settings)
    assert type(proxy) is Proxy
    control = pyro_client.control_of(proxy)
    assert not control.connected
    assert proxy.add(1, 2) == 3
    assert control is proxy._pyro
    control.release()
    assert type(pyro_client.connect(server.uri, settings=settings)) is Proxy


def test_the_context_manager_closes_the_connection(server: Any, settings: ClientSettings) -> None:
    with pyro_client.connecting(server.uri, Adding, settings=settings) as proxy:
        assert proxy.add(1, 2) == 3
        control = pyro_client.control_of(proxy)
        assert control.connected
    assert not control.connected


def test_the_same_for_asyncio(told: Any, settings: ClientSettings) -> None:
    async def main() -> None:
        proxy = pyro_client.connect_async(told.uri, AsyncAdding, settings=settings)
        assert type(proxy) is AsyncProxy
        assert await proxy.add(1, 2) == 3
        await pyro_client.async_control_of(proxy).release()
        async with pyro_client.connecting_async(
            told.uri, AsyncAdding, check=True, settings=settings
        ) as proxy:
            control = pyro_client.async_control_of(proxy)
            assert control.connected
        assert not control.connected

    asyncio.run(main())


def test_controls_are_those_of_proxies_only() -> None:
    for control_of in (pyro_client.control_of, pyro_client.async_control_of):
        with pytest.raises(TypeError, match=r"Proxy.*got int"):
            control_of(3)


@pytest.mark.parametrize("wrong", [3, "Adding", lambda: None])
def test_an_interface_is_a_class(server: Any, wrong: Any) -> None:
    for connect in (pyro_client.connect, pyro_client.connect_async):
        with pytest.raises(TypeError, match="an interface is a class"):
            connect(server.uri, wrong)


class Sound(ABC):
    @abstractmethod
    def add(self, a: int, b: int) -> int: ...

    @property
    @abstractmethod
    def x(self) -> int: ...

    @staticmethod
    def echo(value: int) -> int:
        return value

    def _own(self) -> int:
        return 1


class Boxed(Protocol[T]):
    def echo(self, value: T) -> T: ...


class Named(Generic[T]):
    def echo(self, value: T) -> T:
        return value


@pytest.mark.parametrize("interface", [Adding, Sound, Boxed, Boxed[int], Named[int]])
def test_interfaces_that_fit(told: Any, settings: ClientSettings, interface: Any) -> None:
    pyro_client.control_of(pyro_client.connect(told.uri, interface, check=True, settings=settings)).release()


class Demanding(Adding, Protocol):
    note: Any
    size: int

    def echo(self, value: int, times: int = 1) -> int: ...

    def sub(self, a: int) -> int: ...

    def __len__(self) -> int: ...


class Off:
    @property
    def add(self) -> int:
        return 1

    def x(self) -> int:
        return 1

    async def echo(self, value: int) -> int:
        return value


class Writing:
    @property
    def x(self) -> int:
        return 1

    @x.setter
    def x(self, value: int) -> None: ...


@pytest.mark.parametrize(
    ("interface", "problems"),
    [
        (
            Demanding,
            [
                "__len__: no such method",
                "echo: takes (value) there, (value, times=1) in the interface "
                "(too many positional arguments)",
                "size: no such attribute",
                "sub: no such method",
            ],
        ),
        (
            Off,
            [
                "add: a method there, an attribute in the interface",
                "echo: must not be 'async def' in the interface: methods of a Proxy are not awaited",
                "x: an attribute there, a method in the interface",
            ],
        ),
        (Writing, ["x: cannot be written there"]),
    ],
)
def test_what_is_missing_is_listed(
    told: Any, settings: ClientSettings, interface: Any, problems: list[str]
) -> None:
    with pytest.raises(TypeError) as caught:
        pyro_client.connect(told.uri, interface, check=True, settings=settings)
    first, *rest = str(caught.value).split("\n  ")
    assert first == f"the object {told.uri} (Thing) is no {interface.__name__}:"
    assert rest == problems
    with (
        pytest.raises(TypeError, match="is no"),
        pyro_client.connecting(told.uri, interface, check=True, settings=settings),
    ):
        pass


def test_a_stock_server_is_compared_by_names(server: Any, settings: ClientSettings) -> None:
    with pytest.raises(TypeError) as caught:
        pyro_client.connect(server.uri, Demanding, check=True, settings=settings)
    assert [line.split(":")[0] for line in str(caught.value).split("\n  ")[1:]] == ["__len__", "size", "sub"]


class AsyncOff(Protocol):
    x: int

    def add(self, a: int, b: int) -> int: ...

    def echo(self) -> AsyncIterator[int]: ...


def test_interfaces_of_asyncio_proxies_are_awaited(told: Any, settings: ClientSettings) -> None:
    async def main() -> None:
        async with pyro_client.connecting_async(told.uri, AsyncOff, check=True, settings=settings):
            pass

    with pytest.raises(TypeError) as caught:
        asyncio.run(main())
    assert str(caught.value).split("\n  ")[1:] == [
        "add: must be 'async def' in the interface: methods of an AsyncProxy are awaited",
        "echo: must be 'async def' in the interface: methods of an AsyncProxy are awaited",
        "x: must be a property that gives an Awaitable: attributes of an AsyncProxy are awaited",
    ]


def test_a_server_that_is_away_is_no_wrong_interface(free_port: int, settings: ClientSettings) -> None:
    proxy = pyro_client.connect(f"PYRO:thing@127.0.0.1:{free_port}", Adding, settings=settings)
    with pytest.raises(CommunicationError):
        pyro_client.check_interface(proxy, Adding)
