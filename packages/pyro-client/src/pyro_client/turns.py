"""Which of the threads that wait on one connection reads from it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock

from pyro_core.wire.message import Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Waiting:
    """Somebody who waits for something to arrive.

    Attributes:
        gate: Locked until it has arrived, or until who waits is to read.
        message: What has arrived.
        error: Why nothing will.
        done: One of the two is there.
    """

    __slots__ = ("done", "error", "gate", "message")

    def __init__(self) -> None:
        self.gate = Lock()
        self.gate.acquire()
        self.message: Message | None = None
        self.error: BaseException | None = None
        self.done = False

    def settle(self, message: Any, error: BaseException | None = None) -> None:
        """It has arrived, or never will."""
        self.message = message
        self.error = error
        self.done = True
        if self.gate.locked():
            self.gate.release()

    def taken(self) -> Message:
        """What has arrived. Raises why nothing will."""
        if self.error is not None:
            raise self.error
        assert self.message is not None
        return self.message


class Turns:
    """Threads that wait, one of which reads for all. Thread-safe.

    Attributes:
        turn: Held by who reads. One who got it from somebody else finds its gate open and its slot not done.
        waiting: Who waits, by what it waits for.
    """

    __slots__ = ("_closed", "_table", "turn", "waiting")

    def __init__(self) -> None:
        self.turn = Lock()
        self.waiting: dict[Hashable, Waiting] = {}
        self._table = Lock()  # held while it is decided who reads
        self._closed = False

    def wait(self, key: Hashable, slot: Waiting, timeout_s: float, read: Callable[[Waiting], Any]) -> bool:
        """Wait for something, reading if nobody else does.

        Args:
            key: Where the slot is in ``waiting``.
            slot: Will be settled by who reads.
            timeout_s: How long to wait while somebody else reads, in seconds; -1 for any time.
            read: Reads until a slot is settled; what it raises is raised here.

        Returns:
            False if the time was over while somebody else was reading.
        """
        with self._table:
            reads = not slot.done and self.turn.acquire(False)
        if not reads:
            if not slot.gate.acquire(True, timeout_s):
                with self._table:
                    if not slot.gate.acquire(False):  # else it was woken at the last moment
                        self.waiting.pop(key, None)
                        return False
            if slot.done:
                return True
        try:
            read(slot)
        finally:
            with self._table:
                self.waiting.pop(key, None)
                self._pass_on()
        return True

    def rescue(self) -> None:
        """Somebody began to wait while the turn was being given back: let one of them read."""
        with self._table:
            if self.turn.acquire(False):
                self._pass_on()

    def add(self, key: Hashable) -> Waiting | None:
        """A new slot; None if there is one for that key, or everything is closed."""
        with self._table:
            if self._closed or key in self.waiting:
                return None
            slot = self.waiting[key] = Waiting()
            return slot

    def take(self, key: Hashable) -> Waiting | None:
        """The slot for something that has arrived, which waits no longer; None if nobody waits for it."""
        with self._table:
            return self.waiting.pop(key, None)

    def close(self) -> list[Waiting] | None:
        """Nothing will arrive any more: gives who waits; None if it was closed before."""
        with self._table:
            if self._closed:
                return None
            self._closed = True
            slots = list(self.waiting.values())
            self.waiting.clear()
            return slots

    def _pass_on(self) -> None:
        """Let somebody else read who waits; the turn stays taken then. The table is locked."""
        for slot in self.waiting.values():
            if not slot.done:
                slot.gate.release()
                return
        self.turn.release()
