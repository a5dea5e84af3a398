"""A kitchen on the event loop: many dishes are cooked at the same time, in one thread.

Usage: python server.py
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator

from pyro_server import AsyncDaemon, expose


@expose
class Kitchen:
    """Cooks; every dish takes its time."""

    def __init__(self) -> None:
        self._cooking = 0
        self._most = 0

    async def cook(self, dish: str, seconds: float) -> str:
        """Cook one dish; stops when nobody waits for it any more."""
        self._cooking += 1
        self._most = max(self._most, self._cooking)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            print(f"{dish}: nobody waits for it any more, the stove is off", flush=True)
            raise
        finally:
            self._cooking -= 1
        return f"{dish} is served"

    async def courses(self, *dishes: str) -> AsyncIterator[str]:
        """One course after the other."""
        for dish in dishes:
            yield await self.cook(dish, 0.01)

    def taste(self) -> str:
        """A plain method: it may block, so it runs in a thread beside the loop."""
        return (
            f"tasted in {'the loop' if threading.current_thread() is threading.main_thread() else 'a thread'}"
        )

    async def most_at_once(self) -> int:
        """How many dishes were on the stove at the same time, at most."""
        return self._most


async def main() -> None:
    """Serve until Ctrl-C."""
    async with AsyncDaemon() as daemon:
        print(f"{daemon.register(Kitchen(), 'kitchen')} is open", flush=True)
        await daemon.serve()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
