"""The same objects, served by the server type that is asked for.

Usage: python server.py threaded|multiplex|asyncio|prefork
"""

import asyncio
import os
import sys
import threading

from pyro_server import Daemon, expose, serve

PATIENCE_S = 10.0
"""How long a call waits for others to come."""
IN_VAIN_S = 0.05
"""How long it does where none can come."""


@expose
class Room:
    """Where plain methods meet, as far as the server lets them in at the same time.

    Args:
        patience_s: How long a call waits for others to come.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._changed = threading.Condition()
        self._present = self._most = 0

    def where(self) -> tuple[int, str]:
        """Process and thread of this call."""
        return os.getpid(), threading.current_thread().name

    def meet(self, number: int) -> tuple[int, str]:
        """Wait for so many callers, but not for long; gives how many there were, and the thread."""
        with self._changed:
            self._present += 1
            self._most = max(self._most, self._present)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._most >= number, self._patience_s)
            self._present -= 1
            return self._most, threading.current_thread().name


@expose
class AsyncRoom:
    """The same for ``async def`` methods, which share an event loop.

    Args:
        patience_s: How long a call waits for others to come.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._present = self._most = 0
        self._complete = asyncio.Event()

    async def meet(self, number: int) -> tuple[int, str]:
        """Wait for so many callers, but not for long; gives how many there were, and the thread."""
        self._present += 1
        self._most = max(self._most, self._present)
        if self._most >= number:
            self._complete.set()
        try:
            async with asyncio.timeout(self._patience_s):
                await self._complete.wait()
        except TimeoutError:
            pass  # they do not come
        self._present -= 1
        return self._most, threading.current_thread().name


def main(servertype: str) -> None:
    """Serve until Ctrl-C.

    Args:
        servertype: Name of the server type.
    """
    patience_s = IN_VAIN_S if servertype == "multiplex" else PATIENCE_S
    with Daemon(servertype=servertype) as daemon:
        daemon.register(AsyncRoom(patience_s), "async_room")
        serve({Room(patience_s): "room"}, daemon=daemon, use_ns=False)


if __name__ == "__main__":
    main(sys.argv[1])
