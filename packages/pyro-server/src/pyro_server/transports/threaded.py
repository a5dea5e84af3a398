"""The default server type: threads belong to calls, not to connections."""

import logging
import socket
from collections import deque
from collections.abc import Callable, Sequence
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from pyro_core.net.sockets import set_receive_timeout
from pyro_core.transport import Host, Load
from pyro_server.plain_calls import PlainCalls
from pyro_server.requests import turn_away
from pyro_server.transports.attending import Attendant, deliver
from pyro_server.transports.base import LoopTransport
from pyro_server.transports.connection import NO_WORKS, Connection
from pyro_server.transports.leading import LONG_S, Deposed, Leadership
from pyro_server.transports.oneways import PATIENCE_S, Oneways
from pyro_server.transports.poller import READABLE
from pyro_server.transports.serving import CLOSE_S
from pyro_server.transports.sharing import LOOK_S, SLOW_CALLS, Dispossessed, Sharing
from pyro_server.transports.workers import WorkerPool

if TYPE_CHECKING:
    from pyro_core.transport import Work

log = logging.getLogger("pyro_server.transports.threaded")

CROWD = 3
"""With so many connections at workers, a worker is asked to lead."""


class ThreadedTransport(LoopTransport):
    """Idle connections are parked in the poller; one with a request gets a worker for as long as it is busy.

    The serving thread only accepts, reads and hands over. A worker runs the requests of its connection,
    sends the answers, and waits a moment in ``recv`` for the next request, so that a busy client pays
    neither for a hand-over nor for the poller: per call there is one ``recv`` and one ``send``. Then it
    parks the connection again. It never waits longer for a peer: the rest of a slow request, or of an
    answer that the peer is slow to take, is the serving thread's business.

    When many connections are busy at once, a worker leads: it runs the loop and the quick calls that it
    finds there itself, without hand-overs, and the serving thread watches it (see ``leading``).

    Of a shared connection several calls may be under way. Its worker runs quick calls itself all the same;
    when one takes long, the serving thread watches the connection, and reads on if something arrives (see
    ``sharing``).
    """

    name: ClassVar[str] = "threaded"

    def __init__(self, host: Host, listeners: Sequence[Any]) -> None:
        settings = host.settings
        self._linger_s = settings.timeouts.linger_s
        self._returned: deque[Connection] = deque()
        self._sharing = Sharing(
            lambda connection: self._watched.add(connection, READABLE),
            lambda connection: self._watched.discard(connection),  # noqa: PLW0108 - it is made later
            self._nudge,
        )
        self._asleep = False
        self._keeping_house = False
        self._leadership = Leadership()
        self._leader = 0  # id of the thread of the worker that leads, or led last
        self._may_lead = settings.threads > CROWD
        self._pool = WorkerPool(f"pyro-{self.name}", most=settings.threads, fewest=settings.min_threads)
        self._oneways = Oneways(
            self._pool,
            limit=settings.limits.max_oneway_queue,
            runners=1 if settings.oneway_in_order else settings.threads // 2,
            alert=self._nudge,
        )
        self._attendant = Attendant(
            self._pool,
            self._oneways,
            self._sharing,
            linger_s=self._linger_s,
            max_unsent_bytes=settings.limits.max_write_buffer_bytes,
            nudge=self._nudge,
        )
        super().__init__(host, listeners)

    def serve(self, running: Callable[[], bool] = lambda: True) -> None:
        self._pool.hurry(False)
        super().serve(running)

    @property
    def load(self) -> Load:
        pool = self._pool
        return super().load._replace(
            oneways_queued=len(self._oneways), threads=len(pool), starved=pool.starved
        )

    def shutdown(self) -> None:
        super().shutdown()
        self._leadership.wake()

    # ---- the serving thread, or the worker that leads

    def _configure(self, sock: Any) -> None:
        super()._configure(sock)
        if self._linger_s > 0:
            set_receive_timeout(sock, self._linger_s)

    def _turn(self, timeout_s: float) -> None:
        leadership = self._leadership
        if leadership.leading:
            self._watch_leader(self._housekeeping_s)
            return
        self._loop_once(timeout_s)
        busy = len(self.connections) - len(self._watched)
        if busy >= CROWD and self._may_lead and leadership.may_begin():
            leadership.begin()
            self._pool.hurry(True)
            if not self._pool.offer(self._lead, None):  # all are busy: handing over is the best there is
                leadership.leading = False
                self._pool.hurry(False)

    def _watch_leader(self, timeout_s: float) -> None:
        if self._sharing:
            timeout_s = min(timeout_s, LONG_S)
        connection = self._leadership.watch(timeout_s)
        if connection is not None:
            if connection.stays:
                connection.slow = SLOW_CALLS
            else:
                self._watched.discard(connection)
                connection.holder = self._leader
        if not self._leadership.leading:
            self._pool.hurry(False)

    def close(self) -> None:
        if self._pool.is_mine():
            # A call asks for it, and must end first.
            self._serving.close_after = True
            self.shutdown()
        else:
            super().close()

    def _retire(self) -> None:
        self._may_lead = self._may_lead and not self._stopping
        self._leadership.recalled = True
        self._wakeup.wake()
        while self._leadership.leading:
            self._watch_leader(LONG_S)
        # Nobody hands over any more: no client, however busy, keeps its worker.
        self._pool.hurry(True)

    def _lead(self, _: object) -> None:
        """Run the loop in a worker, until that does not pay any more."""
        self._leader = get_ident()
        leadership, pool = self._leadership, self._pool
        try:
            while not (leadership.recalled or leadership.alone or pool.starved or self._stopping):
                self._loop_once(self._patience_s())
        except Deposed:
            return
        except BaseException:
            leadership.resign()
            raise
        leadership.resign()

    def _loop_once(self, timeout_s: float) -> None:
        self._asleep = True  # from here on, who returns a connection wakes us
        if self._returned:
            timeout_s = 0.0
        elif self._sharing:
            timeout_s = min(timeout_s, LOOK_S)
        elif self._oneways.attention:
            timeout_s = min(timeout_s, PATIENCE_S)
        super()._turn(timeout_s)
        self._asleep = False
        returned = self._returned
        while returned:
            self._take_back(returned.popleft())
        if self._sharing:
            for connection in self._sharing.guard(monotonic()):
                connection.slow = SLOW_CALLS
                self._take_back(connection)
        if self._oneways.attention:
            self._oneways.promote()

    def _welcome(self, connection: Connection) -> None:
        # What a client says first comes at once, nearly always: an idle worker gets it without the poller.
        if self._linger_s > 0 and not (self._leadership.leading or self._pool.wanted):
            self._sharing.add(connection)  # which it will be soon, perhaps
            if self._pool.offer_idle(self._greet, connection):
                return
            self._sharing.discard(connection)
        super()._welcome(connection)

    def _has(self, connection: Connection) -> bool:
        if not connection.guarded:
            return super()._has(connection)
        if not self._sharing.seize(connection):
            return False
        connection.slow = SLOW_CALLS
        connection.holder = 0
        return True

    def _dispatch(self, connection: Connection, works: Sequence["Work"]) -> None:
        if connection.slow and connection.engine.shared:
            self._spread(connection, works)
        elif self._leadership.leading and len(works) == 1 and not (connection.slow or works[0].oneway):
            self._run_here(connection, connection.engine.run, works[0])
        else:
            self._hand_over(connection, works)

    def _spread(self, connection: Connection, works: Sequence["Work"]) -> None:
        """Have each request of a shared connection run in a worker of its own, and read on."""
        oneways = []
        most = self._settings.limits.max_calls_waiting
        for work in works:
            if work.oneway:
                oneways.append(work)
            elif self._pool.waiting >= most and turn_away(work, most):
                self._attendant.run_alone((connection, work))  # which only answers it
            else:
                self._pool.submit(self._attendant.run_alone, (connection, work))
        if oneways:
            self._oneways.put(connection, oneways)
        connection.slow -= 1
        self._settle(connection)

    def _run_plain(self, connection: Connection, data: bytes) -> bool:
        plain = connection.engine.plain
        if plain is None or connection.slow or not self._leadership.leading:
            return False
        call = plain.take(data)
        if call is None:
            return False
        self._run_here(connection, plain.run, *call)
        return True

    def _run_here(self, connection: Connection, run: Callable[..., Any], *call: Any) -> None:
        """Run a call in the worker that leads."""
        leadership = self._leadership
        connection.stays = connection.engine.shared  # as it is now: the call may be the handshake
        leadership.enter(connection)
        try:
            answer = run(*call)
        except Exception:
            if leadership.leave():
                self._fail(connection)
                return
            log.exception("closing connection from %s: its engine failed", connection.peer)
            if connection.stays:
                connection.sever()
            else:
                self._drop(connection)
            raise Deposed from None
        if not leadership.leave():
            if connection.stays:
                deliver(connection, answer)
            else:
                connection.slow = SLOW_CALLS
                if connection.engine.shared:
                    self._sharing.add(connection)
                self._attend(connection, answer)
            raise Deposed
        if not answer or self._send(connection, answer):
            self._settle(connection)

    def _hand_over(self, connection: Connection, works: Sequence["Work"]) -> None:
        self._watched.discard(connection)
        connection.works = works
        # Worth waiting for the next request if this one came soon after the last answer, or at little cost.
        gap_s = self._now - connection.progress_at
        connection.lingers = (
            gap_s < self._linger_s or connection.engine.awaiting_handshake or self._pool.has_idle
        )
        connection.holder = -1
        if connection.engine.shared or connection.engine.awaiting_handshake:
            self._sharing.add(connection)
        try:
            self._pool.submit(self._attend, connection)
        except RuntimeError:
            log.exception("closing connection from %s: no thread to run its request", connection.peer)
            self._drop(connection)

    def _take_back(self, connection: Connection) -> None:
        """A worker is through with a connection, or it was taken from one."""
        self._sharing.discard(connection)
        connection.holder = 0
        connection.progress_at = monotonic() - self._lost_s
        if not connection.gone and (connection.burst or connection.answers):
            self._take_back_burst(connection)
        if connection.gone:
            self._drop(connection)
        elif not connection.unsent and connection.works and not connection.engine.closing:
            works, connection.works = connection.works, NO_WORKS
            if connection.slow and connection.engine.shared:
                self._spread(connection, works)
            else:
                self._hand_over(connection, works)
        else:
            self._settle(connection)

    def _take_back_burst(self, connection: Connection) -> None:
        """Send the answers that its worker had ready, and make works of the calls that it had not begun."""
        deliver(connection, b"")
        plain, burst = connection.engine.plain, connection.burst
        assert isinstance(plain, PlainCalls)
        works = [plain.admit(*burst.popleft()) for _ in range(len(burst))]
        connection.works = (*works, *connection.works)

    def _run_housekeeping(self) -> None:
        # On the pool, so that slow housekeeping holds up nobody; never twice at the same time.
        if not self._keeping_house:
            self._keeping_house = True
            try:
                self._pool.submit(self._housekeep, None)
            except RuntimeError:
                self._keeping_house = False
                log.exception("no thread for housekeeping; trying again in %s s", self._housekeeping_s)

    def _housekeep(self, _: object = None) -> None:
        try:
            super()._housekeep()
        finally:
            self._keeping_house = False

    def _nudge(self) -> None:
        if self._asleep:
            self._asleep = False
            self._wakeup.wake()

    # ---- a worker

    def _greet(self, connection: Connection) -> None:
        """Serve a new connection from its first byte on. Runs in a worker."""
        self._attend(connection)

    def _attend(self, connection: Connection, answer: Any = b"") -> None:
        """Serve one connection while it is busy, beginning with an answer that is ready. Runs in a worker."""
        connection.holder = get_ident()
        if self._serving.over and not answer:
            self._drop(connection)
            return
        try:
            told = not answer or self._attendant.say(connection, answer)
            gone = told and not self._attendant.run_calls(connection)
        except Dispossessed:
            return
        except OSError as problem:
            log.debug("connection from %s broke: %s", connection.peer, problem)
            gone = True
        except Exception:
            log.exception("closing connection from %s: its engine failed", connection.peer)
            gone = True
        if gone:
            self._drop(connection)
        else:
            self._returned.append(connection)
            self._nudge()
            if self._serving.over:
                self._drop(connection)

    def wait(self, connection: Connection, ready: Callable[[float], bool], timeout_s: float) -> bool:
        """Wait, in a call, for something that will arrive on a connection; it is read meanwhile."""
        if connection.holder == get_ident():
            try:
                connection.baton.pop()
            except IndexError:
                pass  # taken away before
            else:
                connection.slow = SLOW_CALLS
                self._returned.append(connection)
                self._nudge()
        return ready(timeout_s)

    # ---- closing

    def _bury(self, connection: Connection) -> None:
        self._sharing.discard(connection)
        if not self._oneways.close(connection):
            super()._bury(connection)

    def _close_all(self) -> None:
        self._pool.stop()
        if not self._pool.join(CLOSE_S):
            log.warning("closing while %d calls are still running", len(self._pool))
        super()._close_all()

    def _end(self, connection: Connection) -> None:
        if not connection.holder or connection in self._returned:
            self._drop(connection)
        elif connection.holder != get_ident():
            # Its call still runs, and the socket is the worker's to close: this makes it fail there.
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the peer was faster
        # Else this is the call that closes all this, and its answer is still to be sent.
