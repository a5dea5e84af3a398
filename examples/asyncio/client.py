"""A hundred orders at once over one connection, a menu in courses, and an order that takes too long.

Usage: python client.py URI
"""

import asyncio
import sys
import time

from pyro_client import AsyncProxy

ORDERS = 100
COOKING_S = 0.3


async def main(uri: str) -> None:
    """Visit the kitchen."""
    async with AsyncProxy(uri) as kitchen:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            orders = [group.create_task(kitchen.cook(f"dish {n}", COOKING_S)) for n in range(ORDERS)]
        served = [order.result() for order in orders]
        print(f"{len(served)} dishes of {COOKING_S} s each took {time.perf_counter() - began:.2f} s")
        print(f"{await kitchen.most_at_once()} of them were cooked at the same time, on one connection")

        async for course in await kitchen.courses("soup", "fish", "cake"):
            print(f"course: {course}")
        print(await kitchen.taste())

        try:
            async with asyncio.timeout(COOKING_S):  # `task.cancel()` does the same
                await kitchen.cook("slow roast", 3600)
        except TimeoutError:
            print("the slow roast took too long: cancelled, over there as well")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
