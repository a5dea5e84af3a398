"""The short way of a usual call: everything it needs is looked up once per connection."""

from __future__ import annotations

from collections.abc import Mapping

from pyro_client.dialogue import Dialogue
from pyro_client.plans import invoke
from pyro_client.profile import Profile
from pyro_client.run_sync import RECEIVE_BYTES, SyncLink
from pyro_core.context import request_extras, sending, serving
from pyro_core.duplex import deadline_annotation
from pyro_core.errors import TimeoutError
from pyro_core.features import DEADLINE
from pyro_core.wire.message import NO_ANNOTATIONS, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

SMALL_BYTES: Final = 32768
"""Requests up to this size fit into the kernel's buffer, so that sending them does not wait."""


def is_plain(profile: Profile) -> bool:
    """Whether calls are made as usual, so that the short way will do."""
    return (
        not profile.settings.compression
        and not profile.max_retries
        and profile.annotations is None
        and profile.on_response is None
    )


class Direct:
    """Makes calls on one connection whose turn the caller has; for one profile as it is now.

    Args:
        dialogue: The connection.
        profile: How to talk. When it changes, make a new one of these.

    Attributes:
        dialogue: As given.
        turn: The dialogue's.
        waiting: The same.
        object_id: Id of the object.
        timeout_s: Deadline of a call, in seconds; None for none.
        max_bytes: Larger calls must take the other way.
        used_at: When it was last used, on the clock.
        encode_call: Of the serializer.
        decode_value: The same.
    """

    __slots__ = (
        "_annotations",
        "_connection",
        "_link",
        "_out",
        "_recv",
        "_reply_from",
        "_request",
        "_send",
        "_serializer_id",
        "_session",
        "decode_value",
        "dialogue",
        "encode_call",
        "max_bytes",
        "object_id",
        "timeout_s",
        "turn",
        "used_at",
        "waiting",
    )

    def __init__(self, dialogue: Dialogue, profile: Profile) -> None:
        connection = dialogue.connection
        link: SyncLink = connection.link
        self.dialogue = dialogue
        self.turn = dialogue.turn
        self.waiting = dialogue.waiting
        self.object_id = profile.object_id
        self.timeout_s = profile.timeout_s
        self.max_bytes = float("inf") if profile.timeout_s is None else SMALL_BYTES
        self.used_at = dialogue.used_at
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
        self._send = link.sock.send
        self._recv = link.sock.recv

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
        dialogue = self.dialogue
        sent = 0
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
                    self._link.send(memoryview(request)[sent:], self._until(started))
            if flags:
                return None
            if self._link.receive_timeout_s != self.timeout_s:
                self._link.bound_waits(self.timeout_s)
            message = self._reply_from(self._recv(RECEIVE_BYTES))
            if message is None or message.seq != seq:
                message = dialogue.read_on(seq, message, self._until(started))
            if message.serializer_id != self._serializer_id:
                invoke.check(self._connection, message)
        except BlockingIOError as problem:
            late = self._link.late(retry_safe=not sent)
            if sent == len(request) and not flags:
                dialogue.give_up(seq, late)
            else:
                dialogue.end(late)
            raise late from problem
        except OSError as problem:
            lost = self._link.lost(problem, retry_safe=not sent)
            dialogue.end(lost)
            raise lost from problem
        except BaseException as problem:
            # KeyboardInterrupt too: the answer may still come, and would confuse the next call.
            if request and not (dialogue.shared and isinstance(problem, TimeoutError)):
                dialogue.end(problem)
            raise
        if block is not None:
            block.response_annotations = message.annotations
        return message

    def _until(self, started: float) -> float | None:
        return None if self.timeout_s is None else started + self.timeout_s
