"""The short way of a usual call: everything it needs is looked up once per connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pyro_client.dialogue import Dialogue
from pyro_client.plans import invoke
from pyro_client.profile import Profile
from pyro_client.run_sync import RECEIVE_BYTES, SyncLink
from pyro_core.bulk import is_bulky
from pyro_core.context import request_extras, sending, serving
from pyro_core.duplex import deadline_annotation
from pyro_core.errors import ConnectionClosedError, SerializeError, TimeoutError
from pyro_core.features import DEADLINE
from pyro_core.wire.message import NO_ANNOTATIONS, ONEWAY, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from pyro_client.pipeline import Pipeline

SMALL_BYTES: Final = 32768
"""Requests up to this size fit into the kernel's buffer, so that sending them does not wait."""
QUIET_S: Final = 1.0
"""After so long without a call, look whether the server has closed the connection before sending on it."""


def is_usual(profile: Profile) -> bool:
    """Whether calls are made as usual, so that the short way will do."""
    return (
        not profile.settings.compression
        and not profile.max_retries
        and profile.annotations is None
        and profile.on_response is None
        and profile.on_transfer is None
    )


def ended_quietly(dialogue: Dialogue, now: float) -> bool:
    """Whether the server has closed a connection; looks only if it has been quiet for a while.

    Args:
        dialogue: The connection, which is ended then.
        now: The time, on its clock.
    """
    if now - dialogue.used_at < QUIET_S or not dialogue.turn.acquire(False):
        return False
    try:
        if not dialogue.connection.link.is_closed():
            return False
    finally:
        dialogue.turn.release()
    dialogue.end(ConnectionClosedError("the server has closed the connection", retry_safe=True))
    return True


class Unfinished:
    """What a call gives instead of its result.

    Attributes:
        dialogue: The connection.
        answer: What came back, not decoded; None if nothing was sent, or nothing is to come back.
        needs_care: Only the longest way will do.
    """

    __slots__ = ("answer", "dialogue", "needs_care")

    def __init__(self, dialogue: Dialogue, answer: Message | None, *, needs_care: bool = False) -> None:
        self.dialogue = dialogue
        self.answer = answer
        self.needs_care = needs_care


class Direct:
    """Makes calls on one connection whose turn the caller has; for one profile as it is now.

    Args:
        dialogue: The connection.
        profile: How to talk. When it changes, make a new one of these.
        clock: Monotonic time in seconds.

    Attributes:
        dialogue: As given.
        turn: The dialogue's.
        waiting: The same.
        clock: As given.
        object_id: Id of the object.
        oneway: Names of methods whose answers nobody waits for.
        timeout_s: Deadline of a call, in seconds; None for none.
        max_bytes: Larger calls must take the other way.
        plain: The session's ways for plain messages; None if usual calls are not plain.
        encode_call: Of the serializer.
        decode_value: The same.
    """

    __slots__ = (
        "_annotations",
        "_connection",
        "_link",
        "_out",
        "_pipeline",
        "_recv",
        "_reply_from",
        "_request",
        "_send",
        "_serializer_id",
        "_session",
        "clock",
        "decode_value",
        "dialogue",
        "encode_call",
        "max_bytes",
        "object_id",
        "oneway",
        "plain",
        "timeout_s",
        "turn",
        "waiting",
    )

    def __init__(self, dialogue: Dialogue, profile: Profile, clock: Callable[[], float]) -> None:
        connection = dialogue.connection
        link: SyncLink = connection.link
        self.dialogue = dialogue
        self.turn = dialogue.turn
        self.waiting = dialogue.waiting
        self.clock = clock
        self.oneway = profile.oneway
        self.object_id = profile.object_id
        self.timeout_s = profile.timeout_s
        limit = profile.settings.limits.max_message_bytes
        self.max_bytes = limit if profile.timeout_s is None else min(SMALL_BYTES, limit)
        self.encode_call = connection.serializer.encode_call
        self.decode_value = connection.serializer.decode_value
        self._connection = connection
        self._link = link
        self._out = dialogue.out
        self._session = connection.session
        self._annotations: Mapping[str, bytes] = NO_ANNOTATIONS
        if profile.timeout_s is not None and DEADLINE in connection.features:
            self._annotations = deadline_annotation(profile.timeout_s)
        self._serializer_id = connection.serializer_id
        self._request = connection.session.call
        self._reply_from = connection.session.reply_from
        self.plain = connection.session.plain_ways(connection.serializer_id, self._annotations)
        self._pipeline: Pipeline | None = None
        self._send = link.sock.send
        self._recv = link.sock.recv

    def call(self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> Unfinished | None:
        """Make one exchange for a call; None if the call needs more care, and nothing was sent.

        Raises as ``exchange`` does.
        """
        served = serving()
        if (served is not None and served.deadline is not None) or is_bulky(args):
            return None
        try:
            payload = self.encode_call(self.object_id, method, args, kwargs)
        except SerializeError:
            return None  # somebody else knows what to do about streams
        if not self.turn.acquire(False):
            return None
        try:
            now = self.clock()
            if self.dialogue.over or now - self.dialogue.used_at >= QUIET_S or len(payload) > self.max_bytes:
                return None
            self.dialogue.used_at = now
            return Unfinished(
                self.dialogue, self.exchange(payload, ONEWAY if method in self.oneway else 0, now)
            )
        finally:
            self.turn.release()
            if self.waiting:
                self.dialogue.rescue()

    def pipeline(self, result: Callable[[Dialogue, Message], Any]) -> Pipeline | None:
        """What makes usual calls for futures; None where there are no plain calls, or deadlines.

        Args:
            result: Gives what another answer than a plain one says, or raises it.
        """
        if (
            self._pipeline is None
            and self.plain is not None
            and self.timeout_s is None
            and self.dialogue.shared
        ):
            from pyro_client.pipeline import Pipeline

            self._pipeline = Pipeline(self, result)
        return self._pipeline

    def exchange(self, payload: bytes, flags: int, started: float) -> Message | None:
        """One send and, nearly always, one receive. The caller has the turn.

        Args:
            payload: The encoded call.
            flags: ``ONEWAY`` or 0.
            started: The time, on the clock.

        Returns:
            The answer; None for a one-way call.

        Raises:
            ConnectionClosedError: If the connection failed; ``retry_safe`` if nothing was sent.
            TimeoutError: At the deadline.
            ProtocolError: If the server answered nonsense.
        """
        block = sending()
        sent = seq = 0
        request = b""
        try:
            with self._out:
                if (block is None or block.is_empty) and serving() is None:
                    request = self._request(self._serializer_id, payload, flags, self._annotations)
                else:
                    annotations, correlation_id = request_extras()
                    annotations = {**self._annotations, **annotations}
                    request = self._request(self._serializer_id, payload, flags, annotations, correlation_id)
                seq = self._session.seq
                sent = self._send(request)
                if sent != len(request):
                    self.send_rest(request, sent, started)
            if flags:
                return None
            if self._link.receive_timeout_s != self.timeout_s:
                self._link.bound_waits(self.timeout_s)
            message = self.answer_from(self._recv(RECEIVE_BYTES), seq, started)
        except BaseException as problem:
            self.failed(problem, seq, request, sent, flags)
            raise
        if block is not None:
            block.response_annotations = message.annotations
        return message

    def send_rest(self, request: bytes, sent: int, started: float) -> None:
        """Send what the kernel had no room for. The caller holds ``out``."""
        self._link.send(memoryview(request)[sent:], self._until(started))

    def answer_from(self, data: bytes, seq: int, started: float) -> Message:
        """The answer to a call, given the first bytes that came after it. Raises as ``exchange`` does."""
        message = self._reply_from(data)
        if message is None or message.seq != seq:
            message = self.dialogue.read_on(seq, message, self._until(started))
        if message.serializer_id != self._serializer_id:
            invoke.check(self._connection, message)
        return message

    def failed(self, problem: BaseException, seq: int, request: bytes, sent: int, flags: int = 0) -> None:
        """Something went wrong in an exchange: end the connection, or give up the call alone if that will do.

        Args:
            problem: What was raised.
            seq: Number of the call.
            request: Its bytes; empty if there were none yet.
            sent: How many of them the kernel took at once.
            flags: Of the call.

        Raises:
            ConnectionClosedError, TimeoutError: What to raise instead of an error of the socket.
        """
        dialogue = self.dialogue
        if isinstance(problem, BlockingIOError):
            late = self._link.late(retry_safe=not sent)
            if sent == len(request) and not flags:
                dialogue.give_up(seq, late)
            else:
                dialogue.end(late)
            raise late from problem
        if isinstance(problem, OSError):
            lost = self._link.lost(problem, retry_safe=not sent)
            dialogue.end(lost)
            raise lost from problem
        # KeyboardInterrupt too: the answer may still come, and would confuse the next call.
        if request and not (dialogue.shared and isinstance(problem, TimeoutError)):
            dialogue.end(problem)

    def _until(self, started: float) -> float | None:
        return None if self.timeout_s is None else started + self.timeout_s
