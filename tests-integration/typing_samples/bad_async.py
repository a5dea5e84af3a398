"""Each marked line is a mistake, which the named rule of each checker must report; no other line is."""

# pyright: standard

from collections.abc import AsyncIterator
from typing import Protocol

from pyro_client import async_control_of, connect_async, connecting_async

WHERE = "PYRONAME:warehouse"


class Warehouse(Protocol):
    async def store(self, item: str) -> int: ...

    async def items(self) -> AsyncIterator[str]: ...


async def forgotten() -> None:
    warehouse = connect_async(WHERE, Warehouse)
    warehouse.store("bolt")  # error: mypy[unused-coroutine] pyright[reportUnusedCoroutine]
    total: int = warehouse.store("bolt")  # error: mypy[assignment] pyright[reportAssignmentType]
    print(total)
    async for item in warehouse.items():  # error: mypy[attr-defined] pyright[reportGeneralTypeIssues]
        print(item)
    async_control_of(warehouse).release()  # error: mypy[unused-coroutine] pyright[reportUnusedCoroutine]


async def wrong() -> None:
    async with connecting_async(WHERE, Warehouse) as warehouse:
        await warehouse.store(3)  # error: mypy[arg-type] pyright[reportArgumentType]
        await warehouse.stor("bolt")  # error: mypy[attr-defined] pyright[reportAttributeAccessIssue]
    with connecting_async(WHERE, Warehouse):  # error: mypy[attr-defined] pyright[reportGeneralTypeIssues]
        pass
    connect_async(WHERE, Warehouse, check=True)  # error: mypy[call-overload] pyright[reportCallIssue]
