"""Making the items of a pushed stream in a thread."""

import threading
from collections import deque
from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any, Final, Protocol

from pyro_core.duplex import ENDED, FAILED, MORE, PAUSED
from pyro_core.errors import CommunicationError, SerializeError
from pyro_core.streams import QUICK_S, Maker

STUCK_S: Final = 0.01
"""Items that are ready are not held back longer than this while the next one is being made."""
IDLE_S: Final = 5.0
"""The thread that sees to that waits so long for another stream before it ends."""

RESUMING_THREADS: Final = 4
"""Threads that go on with streams that had nothing to send; a slow receiver may hold one for a while."""


class Say(Protocol):
    """Sends items of a stream, serialized, or its end.

    Args:
        state: State of the stream after them, see ``pyro_core.duplex``.
        first: Number of the first of them.
        items: The items; for ``FAILED`` the exception.

    Returns:
        Size of the message in bytes.

    Raises:
        SerializeError: If one of them cannot travel.
        CommunicationError: If the connection is gone.
    """

    def __call__(self, state: int, first: int, items: Any) -> int: ...


class Pump:
    """Makes items and sends them as far as the other end allows; one thread at a time.

    An iterator that may have nothing to give for a long time keeps no thread waiting if it has two methods
    more: ``when_ready(wake)`` tells whether there is an item now, and if not calls ``wake`` once, from any
    thread, when there is one; ``take_many(most, keep)`` calls ``keep`` with items that are there, at most so
    many.

    Args:
        maker: Counts.
        items: Makes the items.
        say: Sends them; may be replaced when the stream goes on over another connection.
        flusher: Sends what would otherwise wait for an item that takes long.
    """

    def __init__(self, maker: Maker, items: Iterator[Any], say: Say, flusher: "Flusher") -> None:
        self.maker = maker
        self.say = say
        self._items = items
        self._flusher = flusher
        self._lock = threading.RLock()
        self._ready: deque[Any] = deque()  # put in by who makes them without the lock, taken out with it
        self._began_at = 0.0  # no item that is ready has been so for longer
        self._running = False
        self._stopped = False
        self._woken = False

    def begin(self) -> bool:
        """Whether ``run`` is to be called now: there is room, and nobody runs it. Promises to call it."""
        with self._lock:
            if self._running or self._stopped or not self.maker.room:
                return False
            self._running = True
            return True

    def credit(self, credit: Any) -> bool:
        """Notice what the other end says; tells whether ``run`` is to be called now, as ``begin`` does."""
        with self._lock:
            self.maker.credit(credit)
            return self.begin()

    def wake(self) -> None:
        """There is an item where there was none: make and send, in a thread that the flusher has for that."""
        with self._lock:
            self._woken = True
        self._flusher.resume(self)

    def stop(self) -> None:
        """No more items are wanted: a generator runs its ``finally`` blocks, after the item it is making.

        One that has a method ``interrupt`` is told not to wait for that item.
        """
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
            self.maker.end()
            running = self._running
        if not running:
            finish(self._items)
        elif (interrupt := getattr(self._items, "interrupt", None)) is not None:
            interrupt()

    def fail(self, error: BaseException) -> None:
        """End the stream with an error, and tell the other end.

        Raises:
            CommunicationError: If the connection is gone.
        """
        with self._lock:
            if not self.maker.ended:
                self.maker.end(error)
                self.say(FAILED, self.maker.sent, error)

    def run(self, slice_s: float | None = None) -> None:
        """Make and send items until there is no room, or no items.

        Args:
            slice_s: Stop after so many seconds and tell the other end; None to go on.

        Raises:
            CommunicationError: If the connection is gone; what was made is kept for another one.
        """
        until = None if slice_s is None else monotonic() + slice_s
        when_ready = getattr(self._items, "when_ready", None)
        watched = False
        try:
            while True:
                with self._lock:
                    room = self.maker.room
                    if not room or self._is_over(until):
                        self._running = False
                        return
                    self._woken = False
                if when_ready is not None and not when_ready(self.wake):
                    with self._lock:
                        if not self._woken:
                            self._running = False
                            return
                    continue
                if not watched and room > 1:  # one alone is sent when it is made
                    watched = True
                    self._flusher.watch(self)
                self._make(room)
        except BaseException:
            self._running = False
            raise
        finally:
            if watched:
                self._flusher.unwatch(self)
            if self._stopped:
                finish(self._items)

    def again(self) -> None:
        """Send what was sent and not taken once more, over a new connection."""
        with self._lock:
            for chunk in self.maker.again():
                self.say(MORE, chunk.first, chunk.items)
            if self.maker.ended:
                self._say_end()

    def flush(self, older_than_s: float = 0.0) -> None:
        """Send what is ready, if it has been so for that many seconds."""
        with self._lock:
            if self._ready and monotonic() - self._began_at >= older_than_s:
                self._began_at = monotonic()
                take = self._ready.popleft  # while the next ones are put in
                self._send(MORE, [take() for _ in range(len(self._ready))])

    def _is_over(self, until: float | None) -> bool:
        if until is None or monotonic() < until:
            return False
        self.say(PAUSED, self.maker.sent, [])
        return True

    def _make(self, room: int) -> None:
        """Make the items of one message, and send it."""
        items, lock = self._items, self._lock
        take_many = getattr(items, "take_many", None)
        began_at = self._began_at = monotonic()
        try:
            if take_many is not None:
                take_many(room, self._ready.append)
            else:
                self._take(items, room, began_at + QUICK_S)
        except StopIteration:
            self._finish(None)
        except BaseException as error:
            self._finish(error)  # SystemExit too: it is what becomes of the stream
        else:
            with lock:
                self._send(MORE, self._made(), monotonic() - began_at)

    def _take(self, items: Iterator[Any], room: int, until: float) -> None:
        """Have some items made, and fewer once it takes long."""
        keep = self._ready.append
        burst = room // 64 or 1  # looking at the clock is dearer than a quick item
        for made in range(0, room, burst):
            for _ in range(min(burst, room - made)):
                keep(next(items))
            if monotonic() > until or self._stopped:
                break

    def _finish(self, error: BaseException | None) -> None:
        with self._lock:
            if self._stopped:
                self._ready.clear()
            elif error is None:
                self.maker.end()
                self._send(ENDED, self._made())
            else:
                self._send(MORE, self._made())
                self.maker.end(error)
                self.say(FAILED, self.maker.sent, error)

    def _made(self) -> list[Any]:
        """All that is ready. For who makes the items, with the lock."""
        ready = list(self._ready)
        self._ready.clear()
        return ready

    def _send(self, state: int, ready: list[Any], took_s: float = 0.0) -> None:
        if self._stopped or (not ready and state == MORE):
            return
        first = self.maker.sent
        try:
            size = self.say(state, first, ready)
        except SerializeError as problem:
            self._send_good_part(ready, problem)
        except CommunicationError:
            self.maker.note(ready, 0, took_s)
            raise
        else:
            if ready:
                self.maker.note(ready, size, took_s)

    def _send_good_part(self, ready: list[Any], problem: SerializeError) -> None:
        """One of the items cannot travel: send those before it, and the error in its place."""
        for item in ready:
            try:
                size = self.say(MORE, self.maker.sent, [item])
            except SerializeError as found:
                problem = found
                break
            self.maker.note([item], size, 0.0)
        self.maker.end(problem)
        self.say(FAILED, self.maker.sent, problem)

    def _say_end(self) -> None:
        error = self.maker.error
        if error is None:
            self.say(ENDED, self.maker.sent, [])
        else:
            self.say(FAILED, self.maker.sent, error)


class Flusher:
    """Looks after pumps with ready items while they make the next one, in a thread that ends when unused.

    It also goes on with pumps that had nothing to send, in a few threads that end when nothing is left to do.
    """

    def __init__(self) -> None:
        self._pumps: set[Pump] = set()
        self._resumed: deque[Pump] = deque()
        self._resuming = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._news = threading.Condition(self._lock)

    def watch(self, pump: Pump) -> None:
        """Look after a pump."""
        with self._lock:
            self._pumps.add(pump)
            if self._thread is not None:
                self._news.notify()
            else:
                self._thread = threading.Thread(target=self._look, name="pyro-streams", daemon=True)
                self._thread.start()

    def unwatch(self, pump: Pump) -> None:
        """Look after it no longer."""
        with self._lock:
            self._pumps.discard(pump)

    def resume(self, pump: Pump) -> None:
        """Run a pump that may have something to send again."""
        with self._lock:
            self._resumed.append(pump)
            if self._resuming >= RESUMING_THREADS:
                return
            self._resuming += 1
        threading.Thread(target=self._resume, name="pyro-streams-resumed", daemon=True).start()

    def _resume(self) -> None:
        while True:
            with self._lock:
                if not self._resumed:
                    self._resuming -= 1
                    return
                pump = self._resumed.popleft()
            if pump.begin():
                try:
                    pump.run()
                except CommunicationError:
                    continue  # whoever waits for what the other end says will notice

    def _look(self) -> None:
        while True:
            with self._lock:
                if not self._news.wait_for(lambda: self._pumps, IDLE_S):
                    self._thread = None
                    return
            sleep(STUCK_S)
            self._flush_all()  # on its own: while it waits, this thread must not keep a pump alive

    def _flush_all(self) -> None:
        with self._lock:
            pumps = list(self._pumps)
        for pump in pumps:
            try:
                pump.flush(STUCK_S)
            except CommunicationError:
                self.unwatch(pump)  # its own thread will notice


def finish(items: Iterator[Any]) -> None:
    """Let a generator run its ``finally`` blocks now; what they raise concerns nobody who is still there."""
    close = getattr(items, "close", None)
    if close is None:
        return
    try:
        close()
    except Exception:
        import logging

        log = logging.getLogger("pyro_core.streams")
        log.warning("closing the item stream %r failed", items, exc_info=True)
