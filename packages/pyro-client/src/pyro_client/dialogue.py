"""One open connection of a blocking proxy: who sends on it, who reads from it, and who gets what is read.

With a server that allows one call at a time, threads take turns. With one of ours, each thread sends its
request at once; one of them reads, hands out what arrives, and passes the reading on when it has its own
answer. No thread exists for that alone, unless the server may speak first.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock, Thread

from pyro_client.arrivals import Arrivals
from pyro_client.plans import invoke
from pyro_client.turns import Turns, Waiting
from pyro_core.duplex import deadline_annotation
from pyro_core.errors import ConnectionClosedError, ProtocolError, TimeoutError
from pyro_core.features import CALLS, DEADLINE
from pyro_core.names import ANNOTATION_ONCE
from pyro_core.wire.message import ONEWAY, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from pyro_client.plans.connect import Connection
    from pyro_client.revocable import Revocable
    from pyro_client.run_sync import SyncLink
    from pyro_core.events import ClientEvent


MOST_FORGOTTEN: Final = 1_000
"""With so many calls given up and never answered, the connection is given up, too."""
MOST_LATE: Final = 2
"""After so many calls that were given up in a row, while nothing arrived, a connection counts as dead."""
CANCEL_S: Final = 1.0
"""How long telling the server that a call was given up may take, in seconds."""


TURN_S: Final = 60.0
"""How long a call without a deadline, made while another one is being served, waits for its turn on a busy
proxy, in seconds. After longer than that, both are likely to wait for each other."""
_LISTENER: Final = "listener"


class Dialogue:
    """Exchanges requests and answers on one open connection. Thread-safe.

    Args:
        connection: The connection.
        clock: Monotonic time in seconds.
        on_event: Gets what the server says by itself; must not wait.
        on_end: Called once, when the connection cannot be used any more.

    Attributes:
        connection: As given.
        shared: Several calls may be under way.
        turn: Held by who reads; where calls are not shared, by who calls.
        out: Held by who sends.
        rescue: To be called after giving the turn back, if somebody is waiting then.
        waiting: Who waits, and for what: the number of a call, or another key.
        arrivals: Reads from the connection.
        streams: Who takes the items that the server pushes, by name of the stream.
        over: The connection cannot be used any more.
        used_at: When something was last sent or received, on the clock.
    """

    __slots__ = (
        "_clock",
        "_link",
        "_on_end",
        "_session",
        "_tells_deadlines",
        "_turns",
        "arrivals",
        "connection",
        "out",
        "over",
        "rescue",
        "shared",
        "streams",
        "turn",
        "used_at",
        "waiting",
    )

    def __init__(
        self,
        connection: Connection,
        clock: Callable[[], float],
        on_event: Callable[[Dialogue, ClientEvent], object],
        on_end: Callable[[Dialogue], object],
    ) -> None:
        self.connection = connection
        self.shared = CALLS in connection.features
        self._turns = Turns()
        self.turn = self._turns.turn
        self.waiting = self._turns.waiting
        self.rescue = self._turns.rescue
        self.out = Lock()
        self.over = False
        self.used_at = clock()
        self._tells_deadlines = DEADLINE in connection.features
        self._clock = clock
        self._on_end = on_end
        self._link: SyncLink = connection.link
        self._session = connection.session
        self.arrivals = Arrivals(
            connection, self._turns, (lambda event: on_event(self, event)) if self.shared else None, self.end
        )
        self.streams = self.arrivals.streams

    # ---- what callers do

    def exchange(
        self,
        payload: Any,
        flags: int,
        extras: invoke.Extras,
        deadline: float | None,
        *,
        compress: bool = False,
        revocable: Revocable | None = None,
    ) -> Message | None:
        """Send a request and wait for its answer; None for a one-way call, which has none.

        Args:
            payload: The encoded call.
            flags: Neutral flags.
            extras: Annotations and correlation id.
            deadline: Time on the clock.
            compress: Compress the payload if that makes it shorter.
            revocable: Told where the call is, so that another thread can take it back.

        Raises:
            ConnectionClosedError: If the connection failed.
            TimeoutError: At the deadline; a shared connection can be used further.
            ProtocolError: If the server answered nonsense.
            MessageTooLarge: If the call is larger than the limit; the connection is fine.
        """
        if not self.shared:
            self.take_turn(deadline)
        try:
            seq, slot = self._post(payload, flags, extras, deadline, compress=compress, revocable=revocable)
            if slot is None:
                return None
            try:
                if self.shared:
                    self.wait(seq, slot, deadline)
                else:
                    self.arrivals.read_until(slot, deadline)
            except TimeoutError as late:
                self.give_up(seq, late, silently=ANNOTATION_ONCE in extras[0])
                raise
            return invoke.checked(self, slot.taken())
        finally:
            if not self.shared:
                self.turn.release()

    def ping(self, deadline: float | None) -> None:
        """Ask the server for a sign of life and wait for it. Raises as ``exchange`` does."""
        slot = Waiting()
        key = ("ping", id(slot))
        if not self.shared:
            self.take_turn(deadline)
        try:
            with self.out:
                self._check_open()
                self.waiting[key] = slot
                self.arrivals.pings.append(key)
                self._send(self._session.ping(), deadline)
            if self.shared:
                self.wait(key, slot, deadline)
            else:
                self.arrivals.read_until(slot, deadline)
            slot.taken()
        except TimeoutError as late:
            self.end(late)
            raise
        finally:
            if not self.shared:
                self.turn.release()

    def say(self, data: bytes, deadline: float | None = None) -> None:
        """Send something that is no call.

        Raises:
            ConnectionClosedError: If the connection is gone.
            TimeoutError: At the deadline; the connection is ended then.
        """
        with self.out:
            self._check_open()
            self._send(data, deadline)

    def take_turn(self, deadline: float | None) -> None:
        """Wait until no other thread calls.

        Raises:
            TimeoutError: At the deadline.
        """
        if deadline is None:
            self.turn.acquire()
        elif not self.turn.acquire(timeout=max(deadline - self._clock(), 0)):
            raise TimeoutError(
                f"timeout: another call on this proxy of {self.connection.uri} did not end before the "
                "deadline, and this server allows one at a time; copy the proxy to call over a connection of "
                "its own",
                retry_safe=True,
            )

    def await_turn(self) -> None:
        """See whether a turn comes at all, for a call without a deadline that is made by a served one.

        Raises:
            TimeoutError: If not.
        """
        try:
            self.take_turn(self._clock() + TURN_S)
        except TimeoutError as problem:
            raise TimeoutError(
                f"timeout: waited {TURN_S:g} s for another call on this proxy of {self.connection.uri}, "
                "which may be waiting for the call that is being served here; use a copy of the proxy here",
                retry_safe=True,
            ) from problem
        self.turn.release()

    def wait(self, key: Hashable, slot: Waiting, deadline: float | None) -> None:
        """Wait for something on a shared connection, reading if nobody else does.

        Args:
            key: Where the slot is in ``waiting``.
            slot: Will be settled by who reads.
            deadline: Time on the clock.

        Raises:
            TimeoutError: At the deadline.
            ConnectionClosedError: If the connection failed while this thread was reading.
        """
        timeout_s = -1 if deadline is None else max(deadline - self._clock(), 0)
        if not self._turns.wait(key, slot, timeout_s, lambda mine: self.arrivals.read_until(mine, deadline)):
            raise self._link.late()

    def read_on(self, seq: int, message: Message | None, deadline: float | None) -> Message:
        """Read until the answer of a call is there; for who has the turn and has begun to read.

        Args:
            seq: Number of the call.
            message: An answer that was read already, of another call.
            deadline: Time on the clock.

        Raises:
            As ``exchange`` does.
        """
        slot = self.waiting[seq] = Waiting()
        if message is not None:
            self.arrivals.hand_out(message)
        try:
            self.arrivals.read_until(slot, deadline)
        except TimeoutError as late:
            self.give_up(seq, late)
            raise
        return slot.taken()

    def give_up(self, seq: int, late: BaseException, *, silently: bool = False) -> None:
        """Nobody wants the answer of a call any more: tell the server, or end an unshared connection.

        Args:
            seq: Number of the call.
            late: Why.
            silently: Do not tell the server, because the call will be made again.
        """
        self.waiting.pop(seq, None)
        if not self.shared:
            self.end(late)
            return
        self.arrivals.late += 1
        with self.out:
            if self.over:
                return
            try:
                data = self._session.cancel(seq)
                if data and not silently:
                    self._link.send(data, self._clock() + CANCEL_S)
            except (ConnectionClosedError, TimeoutError) as problem:
                late = problem
            else:
                if self.arrivals.late < MOST_LATE and self._session.forgotten <= MOST_FORGOTTEN:
                    return
        self.end(late)

    def ask_to_end(self, seq: int) -> bool:
        """Ask the server to end a call early, and to answer at once; tells whether it could be asked."""
        with self.out:
            if self.over:
                return False
            data = self._session.cancel(seq, forget=False)
            if not data:
                return False
            try:
                self._link.send(data, self._clock() + CANCEL_S)
            except (ConnectionClosedError, TimeoutError) as problem:
                failed: BaseException = problem
            else:
                return True
        self.end(failed)
        return False

    def send_made(self, make: Callable[[], bytes]) -> None:
        """Send what a function gives that is called while nobody else sends. Raises as ``exchange`` does."""
        with self.out:
            self._check_open()
            data = make()
            if data:
                self._send(data, None)

    def end(self, problem: BaseException) -> None:
        """The connection cannot be used any more: tell all who wait, and close it."""
        slots = self._turns.close()
        if slots is None:
            return
        self.over = True
        self._on_end(self)  # before anybody hears of it, who may want a new connection then
        for slot in slots:
            slot.settle(None, self._lost(problem))
        for stream in list(self.streams.values()):
            stream.connection_lost()
        # Who got the turn before this might be reading; who gets it from now on sees that it is over.
        self._link.close(wake=bool(slots) or self.turn.locked())

    def listen(self) -> None:
        """Have somebody read at all times, because the server may speak first. From then on a thread does."""
        slot = self._turns.add(_LISTENER)
        if slot is None:
            return  # somebody does already, or there is nothing to listen to
        name = f"pyro-listener {self.connection.peer}"
        Thread(target=self._listen, args=(slot,), name=name, daemon=True).start()

    # ---- inside

    def _listen(self, slot: Waiting) -> None:
        try:
            self.wait(_LISTENER, slot, None)
        except (ConnectionClosedError, ProtocolError):
            return  # everybody who waits has been told

    def _post(
        self,
        payload: Any,
        flags: int,
        extras: invoke.Extras,
        deadline: float | None,
        *,
        compress: bool,
        revocable: Revocable | None,
    ) -> tuple[int, Waiting | None]:
        annotations, correlation_id = extras
        if deadline is not None and self._tells_deadlines and ANNOTATION_ONCE not in annotations:
            annotations = {**annotations, **deadline_annotation(deadline - self._clock())}
        session = self._session
        with self.out:
            self._check_open()
            request = session.call(
                self.connection.serializer_id, payload, flags, annotations, correlation_id, compress=compress
            )
            slot = None
            if not flags & ONEWAY:
                slot = self.waiting[session.seq] = Waiting()
            if revocable is not None:  # before sending: the method may begin before that returns
                revocable.begins(self, session.seq)
            self._send(request, deadline)
            return session.seq, slot

    def _send(self, data: Any, deadline: float | None) -> None:
        try:
            parts: Any = data if type(data) is list else (data,)
            for part in parts if self.arrivals.watch is None else self.arrivals.watch.pieces(parts):
                self._link.send(part, deadline)
        except BaseException as problem:  # part of it may have been sent
            self.end(problem)
            raise
        self.used_at = self._clock()

    def _check_open(self) -> None:
        if self.over:
            raise ConnectionClosedError(
                f"connection to {self.connection.peer} is closed; nothing was sent",
                peer=self.connection.peer,
                retry_safe=True,
            )

    def _lost(self, problem: BaseException) -> BaseException:
        error = ConnectionClosedError(
            f"connection to {self.connection.peer} lost while an answer was due: {problem}; the call may "
            "have been executed",
            peer=self.connection.peer,
        )
        error.__cause__ = problem
        return error
