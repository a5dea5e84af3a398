"""The same for asyncio."""

from collections.abc import AsyncIterator, Awaitable
from typing import Protocol, assert_type

from pyro_client import (
    AsyncProxy,
    async_control_of,
    check_interface_async,
    connect_async,
    connecting_async,
)


class Warehouse(Protocol):
    async def store(self, item: str, count: int = 1) -> int: ...

    async def items(self) -> AsyncIterator[str]: ...

    def size(self) -> Awaitable[int]: ...

    @property
    def keeper(self) -> Awaitable[str]: ...


async def plain() -> None:
    proxy = connect_async("PYRONAME:warehouse")
    assert_type(proxy, AsyncProxy)
    await proxy.whatever(1, two=2)
    async with connect_async("PYRONAME:warehouse") as opened:
        assert_type(opened, AsyncProxy)


async def interfaces() -> None:
    warehouse = connect_async("PYRONAME:warehouse", Warehouse)
    assert_type(warehouse, Warehouse)
    assert_type(await warehouse.store("bolt", count=3), int)
    assert_type(await warehouse.size(), int)
    assert_type(await warehouse.keeper, str)
    async for item in await warehouse.items():
        assert_type(item, str)
    await check_interface_async(warehouse, Warehouse)
    await async_control_of(warehouse).release()


async def contexts() -> None:
    async with connecting_async("PYRONAME:warehouse", Warehouse, check=True) as warehouse:
        assert_type(warehouse, Warehouse)
    async with connecting_async("PYRONAME:warehouse") as proxy:
        assert_type(proxy, AsyncProxy)
