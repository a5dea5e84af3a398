"""One connection of the asyncio transport."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from pyro_core.errors import ConnectionClosedError, PyroError
from pyro_core.net.sockets import address_text
from pyro_server.engine import ServerEngine
from pyro_server.run_async import run_async
from pyro_server.transports.accepting import set_tcp_options

if TYPE_CHECKING:
    from pyro_core.transport import Engine, Work
    from pyro_server.transports.asyncio_loop import AsyncioTransport

log = logging.getLogger("pyro_server.transports.asyncio")


class AsyncioConnection(asyncio.Protocol):
    """Moves the bytes of one connection, and runs its requests. Is what its engine reaches it by.

    Requests of a connection that is not shared run one after the other.

    Args:
        owner: The transport.

    Attributes:
        engine: The server's side of the dialogue.
        peer: Address of the other side, as text.
        begun_at: When it was accepted, monotonic.
        progress_at: When something last came from it or was taken by it, monotonic.
        draining: The server has said its last word; what still arrives is thrown away.
        mask: Other than 0, for whoever looks after deadlines.
        tasks: Its requests that run.
    """

    slice_s = None
    mask = 1

    def __init__(self, owner: "AsyncioTransport") -> None:
        self.engine: Engine
        self.peer = "?"
        self.begun_at = self.progress_at = monotonic()
        self.draining = False
        self.tasks: set[asyncio.Task[None]] = set()
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Work] = deque()
        self._busy = False
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
        return not (self.tasks or self._queue or self.unsent_bytes)

    # ---- the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
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
            works = engine.receive(data)
            said = engine.output()
        except Exception:
            self._fail()
            return
        if said:
            self._write(said)
        in_order = self._owner.settings.oneway_in_order
        for work in works:
            if work.concurrent or (work.oneway and not in_order):
                self._start(work)
            else:
                self._queue.append(work)
        if self._queue and not self._busy:
            self._start_next()
        elif not works:
            self._settle()
        if self._waiting_works > self._owner.settings.limits.max_calls_in_flight and not self._too_many:
            self._too_many = True
            if self._transport is not None:
                self._transport.pause_reading()

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
            self._owner.later(self._bury)

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
            self._write(data)
        else:
            try:
                self._loop.call_soon_threadsafe(self._write, data)
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

    # ---- inside

    def _start(self, work: "Work") -> None:
        task = self._loop.create_task(self._run(work))
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        # Not before: of several that end at the same time, each would still count the others.
        if self._too_many and 2 * self._waiting_works < self._owner.settings.limits.max_calls_in_flight:
            self._too_many = False
            self.resume_writing()

    def _start_next(self) -> None:
        self._busy = True
        self._start(self._queue.popleft())

    @property
    def _waiting_works(self) -> int:
        return len(self._queue) + len(self.tasks)

    async def _run(self, work: "Work") -> None:
        engine = self.engine
        in_turn = not (work.concurrent or (work.oneway and not self._owner.settings.oneway_in_order))
        try:
            if isinstance(engine, ServerEngine):
                answer = await run_async(engine, work, self._owner.in_thread)
            else:
                answer = await self._owner.in_thread(engine.run, work)
        except Exception:
            self._fail()
            return
        if answer:
            self._write(answer)
        if in_turn:
            self._busy = False
            if self._queue:
                self._start_next()
                return
        self._settle()

    def _write(self, data: Any) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        parts = data if type(data) is list else (data,)
        transport.writelines(parts)
        most = self._owner.settings.limits.max_write_buffer_bytes
        if transport.get_write_buffer_size() > most + sum(map(len, parts)):
            log.info("closing connection from %s: %d bytes wait to be read", self.peer, most)
            transport.abort()

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
            or self._owner.settings.timeouts.idle_s is not None
        ):
            self._owner.deadlines.add(self)  # type: ignore[arg-type]

    def _fail(self) -> None:
        log.exception("closing connection from %s: its engine failed", self.peer)
        self.close()

    def _bury(self) -> None:
        try:
            self.engine.close()
        except Exception:
            log.exception("closing the engine of %s failed", self.peer)
