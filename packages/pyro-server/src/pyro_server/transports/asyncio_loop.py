"""Serving on an asyncio event loop: ``async def`` methods run there, plain ones in a pool of threads."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, ClassVar

from pyro_core.errors import PyroError
from pyro_core.transport import Host, Load, Transport
from pyro_server.transports.accepting import BACK_OFF_S, EXHAUSTED
from pyro_server.transports.asyncio_connection import AsyncioConnection
from pyro_server.transports.asyncio_threads import LoopThreads
from pyro_server.transports.deadlines import Deadlines
from pyro_server.transports.eager import EagerTasks
from pyro_server.transports.event_loops import new_event_loop

log = logging.getLogger("pyro_server.transports.asyncio")

CLOSE_S = 5.0
"""How long ``close`` waits for calls that run."""
LAST_ROUNDS = 8
"""Turns of the event loop within which closed connections have heard of it; TLS takes more than one."""
LOOK_S = 0.2
"""How often ``running()`` is asked."""


class AsyncioTransport(Transport):
    """Accepts, reads and writes on an event loop.

    ``serve`` runs a loop of its own, of the kind that ``ServerSettings.event_loop`` names; ``serve_async``
    serves on the one that is running.
    """

    name: ClassVar[str] = "asyncio"

    def __init__(self, host: Host, listeners: Sequence[Any]) -> None:
        super().__init__(host, listeners)
        self.settings = host.settings
        self.connections: set[AsyncioConnection] = set()
        self.deadlines = Deadlines(self.settings.timeouts, self.settings.limits)
        self.loop: asyncio.AbstractEventLoop | None = None
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self.threads = LoopThreads("pyro-asyncio", self.settings.threads)
        self.threads.flush = self.flush
        self.eager = EagerTasks()
        self.call_ended = asyncio.Event()
        self.to_flush: set[AsyncioConnection] = set()
        self._flushing = False
        self._accepting: list[asyncio.Task[None]] = []  # one for each listener
        self._arriving: set[asyncio.Task[None]] = set()  # connections that are accepted, and not ready yet
        self._stop: asyncio.Event | None = None
        self._stopping = False
        self._serving: threading.Thread | None = None
        self._served = threading.Event()
        self._served.set()
        self._close_after = False
        self._closed = False
        self._full = False
        self._housekeeping: asyncio.Future[Any] | None = None
        for listener in self.listeners:
            listener.setblocking(False)

    # ---- what users call

    def serve(self, running: Callable[[], bool] = lambda: True) -> None:
        if self._own_loop is None:
            self._own_loop = new_event_loop(self.settings.event_loop)
        loop = self._own_loop
        self._serving = threading.current_thread()
        self._served.clear()
        try:
            loop.run_until_complete(self._serve(running))
        finally:
            self._serving = None
            self._served.set()
        if self._close_after:
            self._close_own()

    async def serve_async(self, started: Callable[[], object] = lambda: None) -> None:
        """Serve on the running event loop until ``shutdown`` is called, or the task is cancelled.

        Args:
            started: Called when connections are accepted.

        Raises:
            PyroError: If it serves already.
        """
        if self.loop is not None:
            raise PyroError("this transport serves already, on another event loop")
        try:
            await self._serve(lambda: True, started)
        finally:
            await self.close_async()

    @property
    def load(self) -> Load:
        connections = list(self.connections)
        calls = sum(connection.calls for connection in connections)
        return Load(connections=len(connections), calls=calls, threads=len(self.threads))

    @property
    def is_serving(self) -> bool:
        return self.loop is not None

    def shutdown(self) -> None:
        # A signal handler may be calling: no lock, no logging.
        self._stopping = True
        loop, stop = self.loop, self._stop
        if loop is not None and stop is not None:
            try:
                loop.call_soon_threadsafe(stop.set)
            except RuntimeError:
                pass  # the loop has ended already

    def close(self) -> None:
        self.shutdown()
        self._close_after = True
        if self.threads.is_mine():
            return  # a call asks for it, and must end first
        if self._serving is not threading.current_thread() and self._served.wait(2 * CLOSE_S):
            self._close_own()

    async def close_async(self) -> None:
        """Close listeners and connections; calls that run get a moment to finish."""
        if self._closed:
            return
        self._closed = True
        await self._stop_accepting()
        idle = await self._finish_calls(CLOSE_S)
        for connection in list(self.connections):
            connection.close()
        for _ in range(LAST_ROUNDS):
            if self.connections:
                await asyncio.sleep(0)
        self.eager.close()
        await asyncio.sleep(0)  # so that the task in reserve has ended
        self.threads.close(CLOSE_S if idle else 0.0)

    def add_listener(self, listener: Any) -> None:
        if self.loop is not None:
            raise PyroError("this daemon serves already: listen in further places before that")
        listener.setblocking(False)
        self.listeners.append(listener)

    # ---- for connections

    def protocol(self) -> AsyncioConnection:
        """The protocol of a new connection."""
        return AsyncioConnection(self)

    def admit(self, connection: AsyncioConnection) -> bool:
        """Whether there is room for a connection; it is counted then."""
        if len(self.connections) >= self.settings.limits.max_connections:
            self._say_full()
            return False
        self._full = False
        self.connections.add(connection)
        self.deadlines.add(connection)  # type: ignore[arg-type]  # it has what they look at
        return True

    def flush_soon(self) -> None:
        """Send what the connections in ``to_flush`` have to say, after what else happens in this turn."""
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Send what the connections in ``to_flush`` have to say."""
        self._flushing = False
        connections, self.to_flush = self.to_flush, set()
        for connection in connections:
            connection.flush()

    # ---- inside

    async def _serve(self, running: Callable[[], bool], started: Callable[[], object] = lambda: None) -> None:
        loop = asyncio.get_running_loop()
        if self.loop is None:
            await self._begin(loop)
        stop = self._stop = asyncio.Event()
        started()
        housekeeping_at = monotonic() + self.settings.timeouts.housekeeping_s
        tick_s = min(self.deadlines.tick_s, LOOK_S)
        while not self._stopping and running():
            try:
                async with asyncio.timeout(tick_s):
                    await stop.wait()
            except TimeoutError:
                pass  # time to look around
            now = monotonic()
            self._end_overdue(now)
            if now >= housekeeping_at:
                housekeeping_at = now + self.settings.timeouts.housekeeping_s
                if self._housekeeping is None or self._housekeeping.done():
                    self._housekeeping = loop.create_task(self.threads.call(self._housekeep))
        if self._stopping:
            self.host.drain()
            await self._stop_accepting()
            if not await self._finish_calls(self.settings.timeouts.drain_s, part=True):
                await self.threads.call(self.host.give_up)
        else:
            await self._finish_calls(CLOSE_S)

    async def _stop_accepting(self) -> None:
        for listener in self.listeners:
            if listener.fileno() >= 0:
                with suppress(NotImplementedError):  # only some event loops wait this way
                    asyncio.get_running_loop().remove_reader(listener)
        await asyncio.sleep(0)  # one that is accepted by now gets to ``_arriving``, and is not lost
        ending = (*self._accepting, *self._arriving)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)  # so that nobody watches a closed socket
        for listener in self.listeners:
            listener.close()

    async def _finish_calls(self, within_s: float, *, part: bool = False) -> bool:
        """Let calls end and answers be taken; tells whether all calls are done. They need the loop for it.

        Args:
            within_s: How long to wait for them, in seconds.
            part: Close each connection when nothing of it runs any more.
        """
        until = monotonic() + within_s
        while True:
            self.flush()
            for connection in list(self.connections):
                if part and connection.is_idle:
                    connection.close()
            running = any(connection.running for connection in self.connections)
            unsent = any(connection.unsent_bytes for connection in self.connections)
            left_s = until - monotonic()
            if left_s <= 0 or not (running or unsent):
                return not running
            if running:
                self.call_ended.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.call_ended.wait(), min(left_s, LOOK_S))
            else:
                await asyncio.sleep(min(left_s, LOOK_S / 10))

    async def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        use_loop = getattr(self.host, "use_loop", None)
        if use_loop is not None:
            use_loop(loop)
        # Not ``create_server``: it loses connections that are accepted while it closes, and its TLS context
        # is the one it began with.
        self._accepting = [loop.create_task(self._accept(listener)) for listener in self.listeners]

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        failed = False  # logged once, until it goes well again
        while True:
            try:
                sock = await _accepted(loop, listener)
            except OSError as problem:
                if listener.fileno() < 0:
                    return
                if problem.errno in EXHAUSTED:
                    if not failed:
                        failed = True
                        log.error(
                            "cannot accept connections (%s); trying again every %s s", problem, BACK_OFF_S
                        )
                    await asyncio.sleep(BACK_OFF_S)
                continue
            if failed:
                failed = False
                log.warning("accepting connections again")
            if max(len(self._arriving), len(self.connections)) >= self.settings.limits.max_connections:
                self._refuse(sock)
            else:
                task = loop.create_task(self._welcome(sock, listener))
                self._arriving.add(task)
                task.add_done_callback(partial(self._arrived, sock))
            await asyncio.sleep(0)  # others have their turn while many knock

    def _refuse(self, sock: socket.socket) -> None:
        sock.close()
        self._say_full()

    def _say_full(self) -> None:
        if not self._full:
            self._full = True
            log.warning("refusing connections: limit of %d reached", self.settings.limits.max_connections)

    async def _welcome(self, sock: socket.socket, listener: socket.socket) -> None:
        """Hand a connection to a protocol; with TLS it first shows the certificates that are in force now."""
        tls = self.host.tls_context(listener)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self.protocol,
                sock,
                ssl=tls,
                ssl_handshake_timeout=self.settings.timeouts.handshake_s if tls is not None else None,
            )
        except OSError as problem:
            from pyro_core.net.tls_failures import explanation

            sock.close()
            log.debug("a connection was given up: %s", explanation(problem, server_side=True))

    def _arrived(self, sock: socket.socket, task: asyncio.Task[None]) -> None:
        self._arriving.discard(task)
        if task.cancelled():  # maybe before its first line
            sock.close()

    def _end_overdue(self, now: float) -> None:
        for connection in self.connections:
            connection.note_progress(now)
        for overdue, verdict in self.deadlines.overdue(now):
            log.info("closing connection from %s: %s", overdue.peer, verdict)
            overdue.close()

    def _housekeep(self) -> None:
        try:
            self.host.housekeeping()
        except Exception:
            log.exception("housekeeping failed")

    def _close_own(self) -> None:
        loop, self._own_loop = self._own_loop, None
        if loop is None:
            if self.loop is None and not self._closed:  # never served
                self._closed = True
                for listener in self.listeners:
                    listener.close()
            return
        loop.run_until_complete(self.close_async())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _accepted(loop: asyncio.AbstractEventLoop, listener: socket.socket) -> socket.socket:
    """The next connection. If this is cancelled none is lost, as it would be with uvloop's own way."""
    while True:
        try:
            sock, _ = listener.accept()
        except (BlockingIOError, InterruptedError):
            ready = loop.create_future()
            try:
                loop.add_reader(listener, _settle, ready)
            except NotImplementedError:  # on Windows
                return (await loop.sock_accept(listener))[0]
            try:
                await ready
            finally:
                if listener.fileno() >= 0:
                    loop.remove_reader(listener)
        else:
            sock.setblocking(False)
            return sock


def _settle(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)
