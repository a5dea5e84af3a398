"""What a worker does for a connection that it has: run its requests, and send the answers."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from pyro_core.errors import ConnectionClosedError
from pyro_server.plain_calls import PlainCalls
from pyro_server.transports.base import BULK_BYTES, CHUNK_BYTES, DONT_WAIT
from pyro_server.transports.connection import NO_ANSWERS, NO_BURST, NO_WORKS, Connection
from pyro_server.transports.oneways import Oneways
from pyro_server.transports.sharing import Dispossessed, Sharing
from pyro_server.transports.workers import WorkerPool

if TYPE_CHECKING:
    from pyro_core.transport import Work

log = logging.getLogger("pyro_server.transports.threaded")

GATHER_BYTES = 1 << 10
"""Larger answers do not wait for others."""
GATHER_S = 0.001
"""So long may answers wait for each other that could be sent together."""
PART_LINGERS = 4
"""A worker gives the rest of a message that has begun so many times the usual linger."""


class Attendant:
    """Serves connections that belong to the calling worker. All workers use the same one.

    Args:
        pool: Whose workers they are.
        oneways: Runs the works that nobody waits for.
        sharing: Knows the shared connections that workers have.
        linger_s: How long to wait for the next request of a busy client, in seconds; 0 for not at all.
        max_unsent_bytes: How much may be kept for a peer that does not read.
        nudge: Has the loop look around soon.
    """

    def __init__(
        self,
        pool: WorkerPool,
        oneways: Oneways,
        sharing: Sharing,
        *,
        linger_s: float,
        max_unsent_bytes: int,
        nudge: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._oneways = oneways
        self._sharing = sharing
        self._linger_s = linger_s
        self._max_unsent_bytes = max_unsent_bytes
        self._nudge = nudge

    def run_calls(self, connection: Connection) -> bool:
        """Run requests and send answers until nothing comes, or somebody else needs the worker.

        Returns:
            False if the peer closed the connection.
        """
        engine = connection.engine
        recv = connection.sock.recv
        receive, run, output = engine.receive, engine.run, engine.output
        pool = self._pool
        lingers = connection.lingers and self._linger_s > 0
        works, connection.works = connection.works, NO_WORKS
        while True:
            if engine.shared:
                if not self._run_shared(connection, works):
                    return True
            elif len(works) == 1 and not works[0].oneway:
                answer = run(works[0])
                if answer and not self.say(connection, answer):
                    return True
            elif not self._run_several(connection, works):
                return True
            while True:
                if engine.closing or pool.wanted or not lingers:
                    return True
                try:
                    data = recv(CHUNK_BYTES)
                except BlockingIOError:
                    return True
                if not data:
                    return False
                plain = engine.plain
                call = None if plain is None else plain.take(data)
                if plain is None or call is None:
                    break
                answer = self._run_baton(connection, plain.run, *call) if engine.shared else plain.run(*call)
                if answer and not connection.post(answer, DONT_WAIT, self._max_unsent_bytes):
                    return True
            if isinstance(plain, PlainCalls) and engine.shared:
                calls, end = plain.take_some(data)
                if calls:
                    connection.burst = deque(calls)
                    data = data[end:]
            works = receive(data) if data else NO_WORKS
            said = output()
            if said and not self.say(connection, said):
                connection.works = works
                return True
            if connection.burst:
                connection.works = works
                if not self._run_burst(connection):
                    return True
                works, connection.works = connection.works, NO_WORKS
            if not works and engine.mid_message:
                works = self._receive_rest(connection)
                if not works:
                    return True

    def _run_burst(self, connection: Connection) -> bool:
        """Run usual calls of a shared connection that arrived together, and send their answers together.

        Returns:
            False if the peer is slow to take an answer.

        Raises:
            Dispossessed: If the connection was taken away.
        """
        burst, plain = connection.burst, connection.engine.plain
        answers = connection.answers = deque()
        assert plain is not None
        run = plain.run
        sent_at = monotonic()
        while burst and not connection.engine.closing:
            answer = self._run_baton(connection, run, *burst.popleft())
            if type(answer) is bytes and len(answer) <= GATHER_BYTES:
                answers.append(answer)
            elif not self.say(connection, answer):
                return False
            if monotonic() - sent_at > GATHER_S:
                if not self.say(connection, b""):
                    return False
                sent_at = monotonic()
        if answers and not self.say(connection, b""):
            return False
        if not burst:
            connection.burst, connection.answers = NO_BURST, NO_ANSWERS
        return True

    def run_alone(self, task: tuple[Connection, "Work"]) -> None:
        """Run one request of a shared connection, which others serve meanwhile."""
        connection, work = task
        try:
            answer = connection.engine.run(work)
        except Exception:
            log.exception("closing connection from %s: its engine failed", connection.peer)
            connection.sever()
            return
        deliver(connection, answer)

    def say(self, connection: Connection, data: Any) -> bool:
        """Send as much as the peer takes now; False if that is not all."""
        return connection.write(data, DONT_WAIT, self._max_unsent_bytes)

    def _run_shared(self, connection: Connection, works: Sequence["Work"]) -> bool:
        """Run requests of a connection that may be taken away while one of them runs.

        Returns:
            False if the peer is slow to take an answer.

        Raises:
            Dispossessed: If it was taken away.
        """
        run = connection.engine.run
        for done, work in enumerate(works, 1):
            if work.oneway:
                self._oneways.put(connection, (work,))
                continue
            connection.works = works[done:] if done < len(works) else NO_WORKS
            answer = self._run_baton(connection, run, work)
            connection.works = NO_WORKS
            if answer and not self.say(connection, answer):
                connection.works = works[done:]
                return False
        return True

    def _run_baton(self, connection: Connection, run: Callable[..., Any], *work: Any) -> Any:
        """Run one request of a connection that may be taken away meanwhile; gives the answer.

        Raises:
            Dispossessed: If it was taken away.
        """
        if connection not in self._sharing:
            self._sharing.add(connection)
            self._nudge()  # the serving thread has to look after it from now on
        baton = connection.baton
        mine = object()
        connection.runs += 1
        baton.append(mine)
        try:
            answer = run(*work)
        except Exception:
            if mine in baton:
                baton.clear()
                raise
            if self._sharing.take_back(connection):
                raise
            log.exception("closing connection from %s: its engine failed", connection.peer)
            connection.sever()
            raise Dispossessed from None
        try:
            baton.remove(mine)
        except ValueError:
            if not self._sharing.take_back(connection):
                deliver(connection, answer)
                raise Dispossessed from None
        return answer

    def _run_several(self, connection: Connection, works: Sequence["Work"]) -> bool:
        """Run requests in order, oneway ones beside the others.

        Returns:
            False if the peer is slow to take an answer; what was not run is left in ``connection.works``.
        """
        run = connection.engine.run
        oneways: list[Work] = []
        for done, work in enumerate(works, 1):
            if work.oneway:
                oneways.append(work)
                continue
            if oneways:
                self._oneways.put(connection, oneways)
                oneways = []
            answer = run(work)
            if answer and not self.say(connection, answer):
                connection.works = works[done:]
                return False
        if oneways:
            self._oneways.put(connection, oneways)
            if self._pool.starved:
                self._nudge()  # a worker that leads has better things to do now
        return True

    def _receive_rest(self, connection: Connection) -> Sequence["Work"]:
        """Read on while the rest of a message comes at once; gives nothing if it does not."""
        engine, recv, pool = connection.engine, connection.sock.recv, self._pool
        deadline = monotonic() + PART_LINGERS * self._linger_s
        while engine.mid_message and not pool.wanted and monotonic() < deadline:
            try:
                data = recv(BULK_BYTES)
            except BlockingIOError:
                break
            if not data:
                break  # the serving thread will find out, too
            works = engine.receive(data)
            if works:
                return works
        return NO_WORKS


def deliver(connection: Connection, answer: Any) -> None:
    """Send the answer of a call whose connection somebody else has."""
    if answer or connection.answers:
        try:
            connection.owner.push(connection, answer)
        except ConnectionClosedError as problem:
            log.debug("an answer came too late: %s", problem)
