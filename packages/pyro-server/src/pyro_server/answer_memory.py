"""Answers that are kept for a while, so that a call which is repeated is not executed a second time."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Final

from pyro_core.call_ids import ID_BYTES, CallId, pack_stamp
from pyro_core.setting_groups import Limits, Timeouts
from pyro_core.wire.message import Message

MOST_PER_CLIENT: Final = 1_000
"""Calls of one client that are known at a time."""
STAMP_S: Final = 8
"""The time that clients are told is that of the last multiple of so many seconds, which is early enough."""
RUN: Final = "run"
"""The call is to be run, and then given to ``end``."""
KNOWN: Final = "known"
"""It was run, and the entry has its answer."""
WAIT: Final = "wait"
"""It runs, and its answer will be told."""
UNKNOWN: Final = "unknown"
"""Whether it was executed is not known."""

OnAnswer = Callable[[Message | None], object]
"""Gets the answer of a call, in the thread that made it; None if it was not kept."""


class Entry:
    """One call that may be repeated.

    Attributes:
        key: Who made it, and its number.
        arrived_at: When, on the memory's clock.
        done: It is over.
        answer: What was answered; None if that is too large to be kept.
        waiters: Repetitions that wait for the answer.
    """

    __slots__ = ("answer", "arrived_at", "done", "key", "waiters")

    def __init__(self, key: "Key", arrived_at: float) -> None:
        self.key = key
        self.arrived_at = arrived_at
        self.done = False
        self.answer: Message | None = None
        self.waiters: list[OnAnswer] = []

    @property
    def size_bytes(self) -> int:
        """What it takes, about."""
        return 0 if self.answer is None else len(self.answer.payload)


Client = tuple[str, bytes]
Key = tuple[Client, int]


class AnswerMemory:
    """The answers of one daemon to calls that their callers may repeat. Thread-safe.

    An answer is forgotten when its client says that it needs it no more, when it is too old, and, the oldest
    first, when there are too many. So a repetition that is not known here was either never seen, and can be
    executed; or it may have been forgotten, and is refused. The second is assumed if anything was forgotten
    that arrived after the call was first made; callers tell when that was, in the time of this clock.

    Args:
        limits: How many answers and bytes to keep.
        timeouts: How long.
        clock: Monotonic time in seconds.

    Attributes:
        id: Of this memory: 16 random bytes. Other processes, and later ones, have others.
    """

    def __init__(self, limits: Limits, timeouts: Timeouts, clock: Callable[[], float] = monotonic) -> None:
        self.id = os.urandom(ID_BYTES)
        self._most = limits.max_kept_answers
        self._most_bytes = limits.max_kept_bytes
        self._stamp = b""
        self._stamp_until = float("-inf")
        self._keep_s = timeouts.keep_answers_s
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[Key, Entry] = {}
        self._numbers: dict[Client, set[int]] = {}
        self._done: OrderedDict[Key, Entry] = OrderedDict()  # the oldest first
        self._bytes = 0
        self._forgotten_until = float("-inf")  # no call that arrived later was forgotten

    def stamp(self) -> bytes:
        """What a client is told of it; the same for some seconds, so that it need not be read each time."""
        now = self._clock()
        if now >= self._stamp_until:
            period = now // STAMP_S
            self._stamp = pack_stamp(self.id, int(period * STAMP_S * 1000))
            self._stamp_until = (period + 1) * STAMP_S
        return self._stamp

    def begin(self, owner: str, call: CallId, on_answer: OnAnswer) -> tuple[str, Entry]:
        """A call that may be repeated is about to be run.

        Args:
            owner: Who makes it, as far as that is known; nobody else gets the answer.
            call: Its name.
            on_answer: Called with the answer if the same call still runs.

        Returns:
            ``RUN``, ``KNOWN``, ``WAIT`` or ``UNKNOWN``, and what is known of the call.
        """
        client = owner, call.client
        key = client, call.number
        with self._lock:
            self._forget_old()
            self._forget_below(client, call.done_below)
            entry = self._entries.get(key)
            if entry is not None:
                if entry.done:
                    return KNOWN, entry
                entry.waiters.append(on_answer)
                return WAIT, entry
            entry = Entry(key, self._clock())
            if call.is_repetition and (
                call.server != self.id or call.since_ms <= self._forgotten_until * 1000
            ):
                return UNKNOWN, entry
            self._make_room(client)
            self._entries[key] = entry
            self._numbers.setdefault(client, set()).add(call.number)
            return RUN, entry

    def end(self, entry: Entry, answer: Message | None, *, executed: bool = True) -> None:
        """A call is over: tell those who wait for its answer.

        Args:
            entry: That of the call.
            answer: What was answered; None if nothing that could be said again.
            executed: False if it was not: then it is forgotten, and may be run by its next repetition.
        """
        with self._lock:
            if executed and answer is not None and len(answer.payload) <= self._most_bytes // 4:
                entry.answer = answer
            entry.done = True
            waiters, entry.waiters = entry.waiters, []
            if not executed:
                self._drop(entry.key)
            elif entry.key in self._entries:  # else its client does not want it any more
                self._done[entry.key] = entry
                self._bytes += entry.size_bytes
                while len(self._done) > self._most or self._bytes > self._most_bytes:
                    self._forget_oldest()
        for waiter in waiters:
            waiter(answer)

    def __len__(self) -> int:
        return len(self._entries)

    def expire(self) -> None:
        """Forget what is too old."""
        with self._lock:
            self._forget_old()

    def _forget_old(self) -> None:
        before = self._clock() - self._keep_s
        while self._done and next(iter(self._done.values())).arrived_at < before:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        self._forget(next(iter(self._done.values())))

    def _make_room(self, client: Client) -> None:
        numbers = self._numbers.get(client, ())
        if len(numbers) >= MOST_PER_CLIENT:
            done = [number for number in numbers if (client, number) in self._done]
            if done:
                self._forget(self._entries[client, min(done)])

    def _forget(self, entry: Entry) -> None:
        self._forgotten_until = max(self._forgotten_until, entry.arrived_at)
        self._drop(entry.key)

    def _forget_below(self, client: Client, number: int) -> None:
        for done in [other for other in self._numbers.get(client, ()) if other < number]:
            self._drop((client, done))

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if self._done.pop(key, None) is not None and entry is not None:
            self._bytes -= entry.size_bytes
        client, number = key
        numbers = self._numbers.get(client)
        if numbers is not None:
            numbers.discard(number)
            if not numbers:
                del self._numbers[client]
