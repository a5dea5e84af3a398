"""What the transports of this package share: one thread that watches sockets and never waits for a peer."""

import logging
import socket
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from pyro_core.errors import ConnectionClosedError, PyroError
from pyro_core.net.sockets import address_text
from pyro_core.settings import Timeouts
from pyro_core.transport import Host, Load, Transport
from pyro_server.transports.accepting import Acceptor, SocketOptions, set_tcp_options
from pyro_server.transports.connection import NO_WORKS, Connection
from pyro_server.transports.deadlines import Deadlines
from pyro_server.transports.poller import READABLE, WRITABLE, Wakeup, new_poller
from pyro_server.transports.serving import Serving
from pyro_server.transports.watching import Watched

if TYPE_CHECKING:
    from pyro_core.transport import Work

log = logging.getLogger("pyro_server.transports")

CHUNK_BYTES = 1 << 16
"""Taken from a socket at once; a usual message and what was sent right after it fit in."""
BULK_BYTES = 1 << 20
"""Taken at once in the middle of a message."""
DONT_WAIT = getattr(socket, "MSG_DONTWAIT", 0)
"""On systems without it a socket that the poller calls ready is believed."""
DRAIN_LOOK_S = 0.2
"""How often it is looked, while stopping, whether connections have become idle."""
LOST_S = 0.05
"""If one round of the loop took longer than this, the loop's clock did not run meanwhile."""


class LoopTransport(Transport):
    """A loop over a poller that accepts, reads, and writes what a peer was too slow to take.

    Deadlines count on the loop's clock: monotonic time without that which the loop lost to slow calls, so
    that no peer is blamed for bytes that nobody looked at.
    """

    slice_s: float | None = None
    """How long a job of an engine may take at a time, in seconds; None for any time."""

    def __init__(self, host: Host, listeners: Sequence[Any]) -> None:
        super().__init__(host, listeners)
        settings = host.settings
        self.connections: set[Connection] = set()
        self._settings = settings
        self._deadlines = Deadlines(self._timeouts(), settings.limits)
        self._housekeeping_s = settings.timeouts.housekeeping_s
        self._poller = new_poller()
        self._wakeup = Wakeup()
        self._poller.add(self._wakeup.fd, READABLE)
        self._watched = Watched(self._poller)
        # Listening sockets whose options new ones have already, except so many that came too early.
        self._options = SocketOptions(self._configure)
        self._acceptor = Acceptor(
            self._poller, self.listeners, settings.limits.max_connections, self._prepare
        )
        self._most_unsent_bytes = settings.limits.max_write_buffer_bytes
        self._stalled: deque[Connection] = deque()  # somebody else's thread left something unsent there
        self._lost_s = 0.0
        self._now = monotonic()  # the loop's clock
        self._tick_at = 0.0  # monotonic
        self._housekeeping_at = self._now + self._housekeeping_s  # monotonic
        self._stopping = False
        self._serving = Serving()
        self._open()

    # ---- what users call

    def serve(self, running: Callable[[], bool] = lambda: True) -> None:
        self._serving.begin()
        try:
            while not self._stopping and running():
                self._turn(self._patience_s())
        finally:
            self._retire()
            if self._stopping:
                self._drain()
            self._serving.end()
        if self._serving.close_after:
            self._close_all()

    def shutdown(self) -> None:
        # A signal handler may be calling: no lock, no logging.
        self._stopping = True
        self._wakeup.wake()

    def close(self) -> None:
        self.shutdown()
        if self._serving.may_close():
            self._close_all()

    @property
    def load(self) -> Load:
        connections = list(self.connections)
        return Load(connections=len(connections), calls=sum(each.calls for each in connections))

    @property
    def is_serving(self) -> bool:
        return self._serving.thread is not None

    # ---- what engines reach their connections by

    def push(self, connection: Connection, data: Any) -> None:
        """Send bytes, or keep them until the peer takes them. From any thread."""
        try:
            sent = connection.write(data, DONT_WAIT, self._most_unsent_bytes)
        except OSError as problem:
            connection.sever()
            raise ConnectionClosedError(
                f"connection from {connection.peer} lost: {problem}", peer=connection.peer
            ) from problem
        if not sent:
            self._stalled.append(connection)
            self._nudge()

    def wait(self, connection: Connection, ready: Callable[[float], bool], timeout_s: float) -> bool:
        """Wait for something that will arrive on a connection, which is read and served meanwhile."""
        raise NotImplementedError

    # ---- stopping

    def _drain(self) -> None:
        """Begin nothing new, let what runs end, and close each connection once nothing of it runs."""
        self.host.drain()
        self._acceptor.pause()
        self._acceptor.close()
        self._turn(0.0)  # what has arrived by now is answered, not cut off
        until = monotonic() + self._settings.timeouts.drain_s
        while True:
            for connection in list(self.connections):
                if connection.is_idle:
                    self._drop(connection)
            left_s = until - monotonic()
            if not self.connections:
                return
            if left_s <= 0:
                self.host.give_up()
                return
            self._turn(min(left_s, DRAIN_LOOK_S))

    # ---- for subclasses

    def _nudge(self) -> None:
        """Have the loop look around soon. From any thread."""
        self._wakeup.wake()

    def _timeouts(self) -> Timeouts:
        """What peers get for their part."""
        return self._settings.timeouts

    def add_listener(self, listener: Any) -> None:
        if self._serving.thread is not None:
            raise PyroError("this daemon serves already: listen in further places before that")
        self.listeners.append(listener)
        self._acceptor.watch(listener)

    def _open(self) -> None:
        """Begin to watch the listeners."""
        self._acceptor.resume()

    def _run_plain(self, connection: Connection, data: bytes) -> bool:
        """Run what arrived, if it is a plain call that can be run here and now; tells whether it was."""
        return False

    def _dispatch(self, connection: Connection, works: Sequence["Work"]) -> None:
        """Have works run, in order, and their answers sent. Called in the serving thread."""
        raise NotImplementedError

    def _has(self, connection: Connection) -> bool:
        """Whether a connection that was watched a moment ago is the loop's to deal with."""
        return bool(connection.mask)

    def _welcome(self, connection: Connection) -> None:
        """A connection is new: have it watched."""
        self._watched.add(connection, READABLE)

    def _retire(self) -> None:
        """Called in the serving thread when the loop has ended, before anything may be closed."""

    def _housekeep(self, _: object = None) -> None:
        try:
            self.host.housekeeping()
        except Exception:
            log.exception("housekeeping failed")

    def _run_housekeeping(self) -> None:
        self._housekeep()

    def _prepare(self, listener: Any) -> None:
        """Set a listening socket's options."""
        self._options.prepare(listener)

    def _configure(self, sock: Any) -> None:
        """Set a new connection's options."""
        sock.setblocking(True)  # some systems hand down the listener's mode
        set_tcp_options(sock, self._settings)

    # ---- the loop

    def _patience_s(self) -> float:
        """How long the next wait may last, in seconds."""
        until = self._tick_at
        if not self._deadlines and self._acceptor.again_at is None:
            until = max(until, self._housekeeping_at)
        return max(until - monotonic(), 0.0)

    def _turn(self, timeout_s: float) -> None:
        """Wait for something to be ready, deal with it, and look after the deadlines."""
        watched = self._watched.by_fd
        ready = self._poller.wait(timeout_s)
        begun = monotonic()
        self._now = begun - self._lost_s
        for fd, mask in ready:
            connection = watched.get(fd)
            if connection is None:
                self._other_ready(fd)
            elif not self._has(connection):
                pass  # a worker took it back at this moment
            elif mask == WRITABLE or connection.unsent:
                self._flush(connection)
            else:
                self._read(connection)
        while self._stalled:
            connection = self._stalled.popleft()
            if self._has(connection):  # else who has it settles it
                connection.progress_at = self._now
                self._settle(connection)
        now = monotonic()
        if now - begun > LOST_S:
            self._lost_s += now - begun
        if now >= self._tick_at:
            self._tick(now)

    def _other_ready(self, fd: int) -> None:
        if fd == self._wakeup.fd:
            self._wakeup.clear()
        elif fd in self._acceptor:
            accepted = self._acceptor.accept(fd, len(self.connections))
            if accepted is not None:
                self._adopt(*accepted)
            elif self._acceptor.again_at is not None:
                self._tick_at = min(self._tick_at, self._acceptor.again_at)
        # Else it was closed by something else that was ready at the same time.

    def _tick(self, now: float) -> None:
        self._tick_at = now + self._deadlines.tick_s
        for connection, verdict in self._deadlines.overdue(now - self._lost_s):
            if self._has(connection):
                log.info("closing connection from %s: %s", connection.peer, verdict)
                self._drop(connection)
        if self._acceptor.again_at is not None and now >= self._acceptor.again_at:
            self._acceptor.resume()
        if self._tick_at > self._housekeeping_at:  # the next tick would be too late for it
            self._housekeeping_at = now + self._housekeeping_s
            self._run_housekeeping()

    # ---- one connection

    def _adopt(self, sock: Any, address: Any, listener: Any = None) -> None:
        """Take over a connected socket."""
        peer = "?"
        try:
            peer = address_text(address)
            sock = self.host.wrap(sock, listener)
            self._options.apply(sock, listener)
            engine = self.host.connection_made(peer, sock)
        except OSError as problem:
            log.debug("connection from %s was gone at once: %s", peer, problem)
            sock.close()
            return
        except Exception:
            log.exception("connection from %s is refused: the daemon failed", peer)
            sock.close()
            return
        connection = Connection(sock, peer, engine, monotonic() - self._lost_s, self)
        engine.attach(connection)
        self.connections.add(connection)
        self._deadlines.add(connection)
        self._welcome(connection)

    def _read(self, connection: Connection) -> None:
        engine = connection.engine
        try:
            data = connection.sock.recv(BULK_BYTES if engine.mid_message else CHUNK_BYTES, DONT_WAIT)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as problem:
            log.debug("connection from %s broke: %s", connection.peer, problem)
            data = b""
        if not data:
            self._drop(connection)
            return
        if connection.draining:
            return
        if self._run_plain(connection, data):
            connection.progress_at = self._now
            return
        try:
            works = engine.receive(data)
            said = engine.output()
        except Exception:
            self._fail(connection)
            return
        if said and not self._send(connection, said):
            connection.works = works
        elif works:
            self._dispatch(connection, works)
        else:
            self._settle(connection)
        connection.progress_at = self._now

    def _send(self, connection: Connection, data: Any) -> bool:
        """Send as much as the peer takes now; False if that is not all, or the connection is gone."""
        try:
            if connection.write(data, DONT_WAIT, self._most_unsent_bytes):
                return True
        except OSError as problem:
            log.debug("connection from %s broke: %s", connection.peer, problem)
            self._drop(connection)
            return False
        connection.progress_at = self._now
        self._settle(connection)
        return False

    def _flush(self, connection: Connection) -> None:
        """Send more of what the peer did not take before."""
        try:
            if connection.flush(DONT_WAIT):
                connection.progress_at = self._now
        except OSError as problem:
            log.debug("connection from %s broke: %s", connection.peer, problem)
            self._drop(connection)
            return
        if connection.unsent:
            return
        works, connection.works = connection.works, NO_WORKS
        if works:
            self._dispatch(connection, works)
        else:
            self._settle(connection)

    def _settle(self, connection: Connection) -> None:
        """Watch a connection for what it needs next, and see to its deadline."""
        engine = connection.engine
        if connection.unsent:
            self._deadlines.add(connection)
            self._watched.add(connection, WRITABLE)
            return
        if engine.closing and not connection.draining:
            # Closing at once, with bytes unread, would make the system throw away the last answer.
            connection.draining = True
            connection.progress_at = self._now
            try:
                connection.say_last(DONT_WAIT)
            except OSError:
                self._drop(connection)  # the peer was faster, or so slow that it has no use for this
                return
        if connection.draining or engine.mid_message or engine.awaiting_handshake:
            self._deadlines.add(connection)
        self._watched.add(connection, READABLE)

    def _drop(self, connection: Connection) -> None:
        """Close a connection that the serving thread has."""
        self._watched.discard(connection)
        self._deadlines.forget(connection)
        self.connections.discard(connection)
        connection.close()
        self._bury(connection)

    def _fail(self, connection: Connection) -> None:
        """Close a connection whose engine raised an exception, which is being handled."""
        log.exception("closing connection from %s: its engine failed", connection.peer)
        self._drop(connection)

    def _bury(self, connection: Connection) -> None:
        """Have the engine let go of what belonged to a closed connection."""
        try:
            connection.engine.close()
        except Exception:
            log.exception("closing the engine of %s failed", connection.peer)

    def _close_all(self) -> None:
        if not self._serving.finish():
            return
        for connection in list(self.connections):
            self._end(connection)
        self._acceptor.close()
        self._poller.close()
        self._wakeup.close()

    def _end(self, connection: Connection) -> None:
        """Close a connection because the transport is closed; no loop runs any more."""
        self._drop(connection)
