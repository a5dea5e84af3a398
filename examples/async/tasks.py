"""The same with asyncio: calls are awaited, and tasks of one loop share a connection.

Usage: python tasks.py URI
"""

import asyncio
import sys

from pyro_client import AsyncProxy, batch

PATIENCE_S = 0.01
"""Less than the calculator needs, in seconds."""


async def main(uri: str) -> None:
    """Many calls at once, a batch, and a call that is taken back."""
    async with AsyncProxy(uri) as calculator:
        squares = await asyncio.gather(*(calculator.multiply(n, n) for n in range(10)))
        print(f"squares: {squares}")

        async with batch(calculator) as calls:
            calls.divide(999, 3)
            calls.multiply(6, 7)
        print(f"results of the batch: {list(calls.results)}")

        try:
            async with asyncio.timeout(PATIENCE_S):
                await calculator.multiply(1, 1)
        except TimeoutError:
            print("too slow: the call was taken back")
        print(f"the connection is as good as before: {await calculator.divide(6, 2)}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
