"""One connection of the asyncio transport."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from types import CoroutineType
from typing import TYPE_CHECKING, Any, cast

from pyro_core.errors import ConnectionClosedError, PyroError
from pyro_core.net.arriving import ArrivingBytes
from pyro_core.net.sockets import address_text
from pyro_server.answers import joined
from pyro_server.engine import ServerEngine
from pyro_server.loop_calls import LoopCalls
from pyro_server.plain_calls import PlainCalls
from pyro_server.requests import Request
from pyro_server.run_async import run_async
from pyro_server.transports.accepting import set_tcp_options

if TYPE_CHECKING:
    from pyro_core.transport import Engine, Work
    from pyro_server.transports.asyncio_loop import AsyncioTransport

log = logging.getLogger("pyro_server.transports.asyncio")


GATHER_BYTES = 1 << 16
"""Answers that together are larger are sent at once."""


class AsyncioConnection(ArrivingBytes):
    """Moves the bytes of one connection, and runs its requests. Is what its engine reaches it by.

    Each request is begun at once, and mostly also ended, while what arrived is looked at; the answers are
    sent together. Requests of a connection that is not shared run one after the other.

    Args:
        owner: The transport.

    Attributes:
        engine: The server's side of the dialogue.
        peer: Address of the other side, as text.
        begun_at: When it was accepted, monotonic.
        progress_at: When something last came from it or was taken by it, monotonic.
        draining: The server has said its last word; what still arrives is thrown away.
        mask: Other than 0, for whoever looks after deadlines.
        tasks: Its requests that have begun on the loop, and wait for something.
    """

    slice_s = None
    mask = 1

    def __init__(self, owner: "AsyncioTransport") -> None:
        super().__init__()
        self.engine: Engine
        self.peer = "?"
        self.begun_at = self.progress_at = monotonic()
        self.draining = False
        self.tasks: set[asyncio.Task[None]] = set()
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Work] = deque()
        self._busy = False  # a request runs for which those in the queue wait
        self._in_threads = 0  # usual calls that run there
        self._said: list[Any] = []  # to be sent at the end of this turn
        self._said_bytes = 0
        self._plain: LoopCalls | None = None
        self._idles = owner.settings.timeouts.idle_s is not None
        self._too_many = False  # nothing more is read until some requests are done
        self._unsent_before = 0

    @property
    def unsent_bytes(self) -> int:
        """Bytes that the other side was too slow to take."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    unsent = unsent_bytes

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it runs, or waits to be run or sent."""
        return not (self.running or self._queue or self.unsent_bytes)

    @property
    def running(self) -> int:
        """How many of its requests run."""
        return len(self.tasks) + self._in_threads

    # ---- the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = self._transport = cast(asyncio.Transport, transport)  # its class is the loop's business
        sock = transport.get_extra_info("socket")
        try:
            self.peer = address_text(transport.get_extra_info("peername") or "")
            set_tcp_options(sock, self._owner.settings)
            if not self._owner.admit(self):
                transport.abort()
                return
            self.engine = self._owner.host.connection_made(
                self.peer, transport.get_extra_info("ssl_object") or sock
            )
            self.engine.attach(self)
        except OSError as problem:
            log.debug("connection from %s was gone at once: %s", self.peer, problem)
            transport.abort()
        except Exception:
            log.exception("connection from %s is refused: the daemon failed", self.peer)
            transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.draining or not hasattr(self, "engine"):
            return
        self.progress_at = monotonic()
        engine = self.engine
        try:
            plain = engine.plain
            if isinstance(plain, PlainCalls) and (engine.shared or not (self._busy or self._queue)):
                calls = self._plain = self._plain or LoopCalls(plain)
                call = calls.take(data)
                found, end = calls.take_some(data) if call is None else ((call,), len(data))
                if found:
                    self._run_plain(calls, found)
                    if end == len(data):
                        self._end_turn(engine.closing or self._idles)
                        return
                    data = data[end:]
            works = engine.receive(data)
            said = engine.output()
            if said:
                self._said.append(said)
            for work in works:
                self._take(work)
        except Exception:
            self._fail()
            return
        # The engine may be through, and what runs may be its last word, which is not said yet.
        self._end_turn(not (self.running and (works or engine.awaiting_handshake)))

    def eof_received(self) -> bool:
        return False  # closes the connection

    def pause_writing(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()
        self._owner.deadlines.add(self)  # type: ignore[arg-type]  # it has what they look at

    def resume_writing(self) -> None:
        if self._transport is not None and not self._too_many and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            log.debug("connection from %s broke: %s", self.peer, exc)
        self._queue.clear()
        self._owner.deadlines.forget(self)
        self._owner.connections.discard(self)
        if hasattr(self, "engine"):
            self._owner.threads.later(self._bury)

    # ---- the wire

    def send(self, data: Any) -> None:
        """Send bytes or a list of buffers, or keep them until the other side takes them; from any thread."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionClosedError(f"connection from {self.peer} is closed", peer=self.peer)
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self._loop:
            self._say(data)
        else:
            try:
                self._loop.call_soon_threadsafe(self._say, data)
            except RuntimeError as problem:
                raise ConnectionClosedError(f"the server of {self.peer} has ended") from problem

    def wait(self, ready: Callable[[float], bool], timeout_s: float) -> bool:
        """Wait for something that will arrive here; in threads other than the loop's."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return ready(timeout_s)
        raise PyroError(
            "this would hold up the event loop; in 'async def' methods await the asyncio proxy, and iterate "
            "with 'async for'"
        )

    # ---- for the transport

    def flush(self) -> None:
        """Send what there is to be said; close if the engine is through, and see to the deadlines."""
        self._end_turn(True)

    def note_progress(self, now: float) -> None:
        """See whether the other side has taken something."""
        unsent = self.unsent_bytes
        if unsent < self._unsent_before:
            self.progress_at = now
        self._unsent_before = unsent

    def close(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    # ---- requests

    def _end_turn(self, settles: bool) -> None:
        """What arrived has been looked at.

        Args:
            settles: See to the deadlines, and whether the engine is through.
        """
        if self._said:
            self._send_said()
        if settles:
            self._settle()
        if self.tasks or self._in_threads or self._queue:
            self._pause_if_too_many()

    def _send_said(self) -> None:
        said, self._said = self._said, []
        self._said_bytes = 0
        self._write(said[0] if len(said) == 1 else b"".join(map(joined, said)))

    def _answer(self, answer: Any) -> None:
        self._said.append(answer)
        self._said_bytes += len(answer) if type(answer) is bytes else sum(map(len, answer))
        if self._said_bytes > GATHER_BYTES:
            self._send_said()

    def _pause_if_too_many(self) -> None:
        limits, waiting = self._owner.settings.limits, self._owner.threads.waiting
        too_many = self.calls > limits.max_calls_in_flight or waiting > limits.max_calls_waiting
        if too_many and not self._too_many:
            self._too_many = True
            if self._transport is not None:
                self._transport.pause_reading()

    def _run_plain(self, calls: LoopCalls, found: Sequence[tuple[int, bytes]]) -> None:
        """Run usual calls; those of a connection that is not shared one after the other."""
        begin, start, in_turn = self._owner.eager.begin, calls.start, not self.engine.shared
        for seq, payload in found:
            if in_turn and self._busy:
                self._queue.append(calls.admit(seq, payload))
                continue
            started = start(seq, payload)
            if type(started) is CoroutineType:
                begun = begin(started)
                if type(begun) is bytes:
                    self._answer(begun)
                    continue
                if isinstance(begun, asyncio.Task):
                    calls.waits(seq, begun)
                self._begun(begun, in_turn=in_turn)
            elif type(started) is Request:
                self._take(started)
            else:
                self._busy = self._busy or in_turn
                self._in_threads += 1
                self._owner.threads.run(cast(Callable[[], Any], started), partial(self._done, in_turn))

    def _take(self, work: "Work") -> None:
        if work.concurrent or (work.oneway and not self._owner.settings.oneway_in_order):
            self._begin(work, in_turn=False)
        else:
            self._queue.append(work)
            self._run_queue()

    def _run_queue(self) -> None:
        while self._queue and not self._busy:
            self._begin(self._queue.popleft(), in_turn=True)

    def _begin(self, work: "Work", *, in_turn: bool) -> None:
        engine, call = self.engine, self._owner.threads.call
        known = isinstance(engine, ServerEngine)
        begun = self._owner.eager.begin(
            run_async(engine, work, call) if known else call(engine.run, work)  # type: ignore[arg-type]
        )
        self._begun(begun, in_turn=in_turn)

    def _begun(self, begun: Any, *, in_turn: bool) -> None:
        """A request has begun.

        Args:
            begun: Its answer, or the task in which it goes on.
            in_turn: Others wait until it is done.
        """
        if isinstance(begun, asyncio.Task):
            self._busy = self._busy or in_turn
            self.tasks.add(begun)
            begun.add_done_callback(partial(self._ended, in_turn))
        elif begun:
            self._answer(begun)

    def _ended(self, in_turn: bool, task: asyncio.Task[Any]) -> None:
        """A request that had to wait is done."""
        self.tasks.discard(task)
        if task.cancelled():
            self._go_on(in_turn, b"", None)
        else:
            error = task.exception()
            self._go_on(in_turn, b"" if error is not None else task.result(), error)
        self._owner.flush_soon()

    def _done(self, in_turn: bool, answer: Any, error: BaseException | None) -> None:
        """A call that ran in a thread is done."""
        self._in_threads -= 1
        self._go_on(in_turn, answer, error)

    def _go_on(self, in_turn: bool, answer: Any, error: BaseException | None) -> None:
        owner = self._owner
        owner.to_flush.add(self)
        owner.call_ended.set()
        if error is not None:
            self._fail(error)
            return
        if answer:
            self._answer(answer)
        if in_turn:
            self._busy = False
            try:
                self._run_queue()
            except Exception as problem:
                self._fail(problem)
        # Not before: of several that end at the same time, each would still count the others.
        if self._too_many and 2 * self.calls < owner.settings.limits.max_calls_in_flight:
            self._too_many = False
            self.resume_writing()

    @property
    def calls(self) -> int:
        return len(self._queue) + self.running

    # ---- inside

    def _say(self, data: Any) -> None:
        """Send something after what is to be said before it."""
        if self._said:
            self._said.append(data)
        else:
            self._write(data)

    def _write(self, data: Any) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if type(data) is list:
            transport.writelines(data)
        else:
            transport.write(data)
        waits = transport.get_write_buffer_size()
        if waits:
            most = self._owner.settings.limits.max_write_buffer_bytes
            if waits > most + (sum(map(len, data)) if type(data) is list else len(data)):
                log.info("closing connection from %s: %d bytes wait to be read", self.peer, most)
                transport.abort()
            self._owner.deadlines.add(self)  # type: ignore[arg-type]  # it has what they look at

    def _settle(self) -> None:
        """Close if the engine is through, and see to the deadlines."""
        engine, transport = self.engine, self._transport
        if transport is None or transport.is_closing():
            return
        if engine.closing and not self.draining:
            # Closing at once, with bytes unread, would make the system throw away the last answer.
            self.draining = True
            self.progress_at = monotonic()
            said = engine.output()
            if said:
                transport.write(said)
            if transport.can_write_eof():
                transport.write_eof()
            else:
                transport.close()
        if (
            self.draining
            or engine.mid_message
            or engine.awaiting_handshake
            or self.unsent_bytes
            or self._idles
        ):
            self._owner.deadlines.add(self)  # type: ignore[arg-type]

    def _fail(self, error: BaseException | None = None) -> None:
        log.error("closing connection from %s: its engine failed", self.peer, exc_info=error or True)
        self.close()

    def _bury(self) -> None:
        try:
            self.engine.close()
        except Exception:
            log.exception("closing the engine of %s failed", self.peer)
