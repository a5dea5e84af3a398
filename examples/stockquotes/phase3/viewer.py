"""Phase 3: a viewer of all the markets that there are, at the same time.

Usage: python viewer.py [QUOTES]
"""

import asyncio
import sys
from contextlib import aclosing

from pyro_client import AsyncProxy, locate_ns_async

TAG = "stockmarket"


async def view(address: str, number: int) -> None:
    """Show some quotes of a market.

    Args:
        address: Where it is.
        number: How many to show.
    """
    async with AsyncProxy(address) as market:
        name = await market._pyro.get("name")
        left = number
        async with aclosing(await market.quotes()) as quotes:  # there are more, but nobody wants them
            async for symbol, price in quotes:
                print(f"{name}.{symbol}: {price}", flush=True)
                left -= 1
                if not left:
                    break


async def main(number: int) -> None:
    """Show all markets.

    Args:
        number: How many quotes of each.
    """
    async with await locate_ns_async() as ns:
        markets = await ns.list(metadata_all={TAG})
    print(f"found {', '.join(sorted(markets))}", flush=True)
    async with asyncio.TaskGroup() as group:
        for name in markets:
            group.create_task(view(f"PYRONAME:{name}", number))
    print("seen enough of all of them")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
