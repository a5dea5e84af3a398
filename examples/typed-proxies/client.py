"""Typed proxies: editors complete, type checkers check, and ``check=True`` compares with the live object.

Usage: python client.py URI
"""

import asyncio
import inspect
import sys

from interface import AsyncWarehouse, TradingWarehouse, Warehouse

from pyro_client import Proxy, connecting, connecting_async


def restock(warehouse: Warehouse) -> None:
    """Works with any warehouse, a local one in a test for instance."""
    print(f"bolts: {warehouse.store('bolt', 3)}, items: {warehouse.items}")
    # warehouse.store(3) and warehouse.stoer("bolt") are errors for mypy and pyright


async def restock_async(uri: str) -> None:
    """The same on an event loop."""
    async with connecting_async(uri, AsyncWarehouse, check=True) as warehouse:
        print(f"nuts: {await warehouse.store('nut')}, items: {await warehouse.items}")


def main(uri: str) -> None:
    """Visit the warehouse."""
    with connecting(uri, Warehouse, check=True) as warehouse:
        restock(warehouse)
    asyncio.run(restock_async(uri))

    try:
        with connecting(uri, TradingWarehouse, check=True):
            raise AssertionError("this warehouse does not sell")
    except TypeError as problem:  # at once, and not at the first sale
        print(problem)

    with Proxy(uri) as plain:  # without any interface: the server is asked
        print(f"store{inspect.signature(plain.store)}: {inspect.getdoc(plain.store)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
