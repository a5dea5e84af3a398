"""Event loops that know nothing of ours, and drive daemons all the same."""

import heapq
import selectors
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from time import monotonic
from typing import Any, Protocol

PATIENCE_S = 20.0


class Drivable(Protocol):
    """A daemon or a name server, as a loop sees it."""

    @property
    def sockets(self) -> Any: ...

    @property
    def patience_s(self) -> float: ...

    def events(self, ready: Any) -> None: ...


class FakeGui:
    """The loop of a window system: timers (``after``), descriptors to watch, and one thread for it all."""

    def __init__(self) -> None:
        self.on_screen: list[str] = []
        self._timers: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()
        self._selector = selectors.DefaultSelector()
        self._over = False

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Do something later."""
        heapq.heappush(self._timers, (monotonic() + seconds, next(self._numbers), action))

    def when_readable(self, source: Any, action: Callable[[Any], object]) -> None:
        """Do something whenever a source can be read."""
        self._selector.register(source, selectors.EVENT_READ, action)

    def quit(self) -> None:
        """End the loop; from within it."""
        self._over = True

    def mainloop(self) -> None:
        """Run until somebody quits."""
        while not self._over:
            wait_s = max(self._timers[0][0] - monotonic(), 0.0) if self._timers else None
            for key, _ in self._selector.select(wait_s):
                key.data(key.fileobj)
            while self._timers and self._timers[0][0] <= monotonic():
                heapq.heappop(self._timers)[2]()
        self._selector.close()


@contextmanager
def driven_by_hand(served: Drivable) -> Iterator[None]:
    """Drive something with a selector that is told anew each time what to watch, in a thread of its own."""
    over = threading.Event()

    def loop() -> None:
        while not over.is_set():
            with selectors.DefaultSelector() as selector:
                for sock in served.sockets:
                    selector.register(sock, selectors.EVENT_READ)
                ready = selector.select(min(served.patience_s, 0.05))
            served.events([key.fileobj for key, _ in ready])

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
