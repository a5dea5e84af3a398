"""Usual calls of futures on one connection: many are sent together, and one thread reads their answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock

from pyro_client.callbacks import delivering
from pyro_client.direct import SMALL_BYTES, Direct, ended_quietly
from pyro_client.futures import Future
from pyro_client.plans.invoke import checked
from pyro_client.pool import POOL
from pyro_client.shortest import USUAL
from pyro_client.turns import Waiting
from pyro_core.context import sending, serving
from pyro_core.errors import CommunicationError, SerializeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from pyro_client.dialogue import Dialogue
    from pyro_core.wire.message import Message

    Entry = tuple[Future[Any], bytes, Callable[[], object]]

MOST_UNDER_WAY: Final = 64
"""Calls of one connection that are with the server; the others wait here."""
MOST_WAITING: Final = 100_000
"""Calls that may wait; more go the longer way, which has the same limit."""


class Pipeline:
    """Makes plain calls (see ``pyro_core.wire.plain``) for futures. Thread-safe.

    While there are any, it uses one thread of the pool to read, and now and then another one to send.

    Args:
        ready: The connection, which is shared.
        result: Gives what a message says that is no plain answer, or raises it.
    """

    def __init__(self, ready: Direct, result: Callable[[Dialogue, Message], Any]) -> None:
        assert ready.plain is not None
        self._plain_call, _, replies = ready.plain
        self._ready = ready
        self._dialogue = ready.dialogue
        self._dialogue.arrivals.plain_replies = replies
        self._result = result
        self._key = ("pipeline", id(self))
        self._lock = Lock()
        self._waiting: deque[Entry] = deque()
        self._under_way: dict[int, Future[Any]] = {}
        self._arrived: deque[tuple[Future[Any], Any, BaseException | None]] = deque()
        self._sends = self._reads = False  # whether a thread does
        self._slot: Waiting | None = None  # of the thread that reads

    def submit(
        self,
        future: Future[Any],
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        otherwise: Callable[[], object],
    ) -> bool:
        """Make a call, unless it is unusual: False then.

        Args:
            future: To be ended with the result.
            method: Name of the method.
            args: Positional arguments.
            kwargs: Keyword arguments.
            otherwise: Makes the call the longer way, if it turns out later that this one will not do.
        """
        ready = self._ready
        if method in ready.oneway or sending() is not None or serving() is not None or self._dialogue.over:
            return False
        for arg in args:
            if type(arg) not in USUAL:
                return False
        try:
            payload = ready.encode_call(ready.object_id, method, args, kwargs)
        except SerializeError:
            return False
        if len(payload) > min(SMALL_BYTES, ready.max_bytes) or len(self._waiting) >= MOST_WAITING:
            return False
        entry = future, payload, otherwise
        with self._lock:
            self._waiting.append(entry)
            if self._sends:
                return True
            self._sends = True
        try:
            POOL.run(self._send, accepted=True)
        except RuntimeError:  # there is no thread at all, as the longer way will find, too
            with self._lock:
                self._sends = False
                self._waiting.remove(entry)
            return False
        return True

    # ---- in a thread of the pool

    def _send(self) -> None:
        while True:
            with self._lock:
                number = min(MOST_UNDER_WAY - len(self._under_way), len(self._waiting))
                entries = [self._waiting.popleft() for _ in range(number)]
                if not entries:
                    self._sends = False
                    return
            if ended_quietly(self._dialogue, self._ready.clock()):
                begun = 0
            else:
                begun = self._send_some(entries)
            for _, _, otherwise in entries[begun:]:
                otherwise()

    def _send_some(self, entries: Sequence[Entry]) -> int:
        """Send the calls of some futures; gives how many of them need nothing more to be done."""
        unusual: list[Callable[[], object]] = []
        begun = 0

        def requests() -> bytes:
            nonlocal begun
            parts = []
            for future, payload, otherwise in entries:
                begins = future._begins_now()
                if begins:
                    seq, request = self._plain_call(payload)
                    self._under_way[seq] = future
                    self._dialogue.waiting[seq] = _UnderWay(self, seq)
                    future._cancel_running = partial(self._dialogue.ask_to_end, seq)
                    parts.append(request)
                elif begins is None:
                    unusual.append(otherwise)
                begun += 1
            return b"".join(parts)

        try:
            self._dialogue.send_made(requests)
        except CommunicationError as problem:
            self._lose(problem)
        for otherwise in unusual:
            otherwise()
        with self._lock:
            if self._reads or not (self._under_way or self._arrived):
                return begun
            self._reads = True
        POOL.run(self._read, accepted=True)
        return begun

    def _read(self) -> None:
        while True:
            with delivering():
                self._deliver()
            with self._lock:
                if self._arrived:
                    continue
                if self._waiting and not self._sends and len(self._under_way) < MOST_UNDER_WAY:
                    self._sends = True
                    POOL.run(self._send, accepted=True)
                if not self._under_way:
                    self._reads = False
                    return
                slot = self._slot = self._dialogue.waiting[self._key] = Waiting()
            try:
                self._dialogue.wait(self._key, slot, None)
            except CommunicationError as problem:
                self._lose(problem)
            finally:
                self._slot = None
                self._dialogue.waiting.pop(self._key, None)

    def _deliver(self) -> None:
        arrived, decode = self._arrived, self._ready.decode_value
        while arrived:
            future, found, error = arrived.popleft()
            try:
                if error is not None:
                    raise error
                value = decode(found) if type(found) is bytes else self._late_result(found)
            except BaseException as problem:
                future.set_exception(problem)
            else:
                future.set_result(value)

    def _late_result(self, message: Message) -> Any:
        return self._result(self._dialogue, checked(self._dialogue, message))

    def _lose(self, problem: CommunicationError) -> None:
        """The connection has been ended: tell those that it did not know."""
        for seq in list(self._under_way):
            self.settle(seq, None, problem)

    def settle(self, seq: int, found: Any, error: BaseException | None) -> None:
        """An answer is there; in whichever thread has read it, or ended the connection."""
        with self._lock:
            if seq not in self._under_way:
                return
            self._arrived.append((self._under_way.pop(seq), found, error))
            slot = self._slot
        if slot is not None and not slot.done:
            slot.settle(None)


class _UnderWay(Waiting):
    """The place of a call among those who wait on the connection; no thread waits for it."""

    __slots__ = ("_pipeline", "_seq")

    def __init__(self, pipeline: Pipeline, seq: int) -> None:
        self._pipeline = pipeline
        self._seq = seq
        self.done = True  # so that it is never asked to read

    def settle(self, message: Any, error: BaseException | None = None) -> None:
        self._pipeline.settle(self._seq, message, error)
