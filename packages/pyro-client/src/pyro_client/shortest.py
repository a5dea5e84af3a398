"""The shortest way of a call: with usual arguments, on an open connection, and with a plain answer.

What it needs is looked up once per connection. It gives up before anything is sent when something is unusual.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pyro_client.direct import QUIET_S, Direct, Unfinished
from pyro_client.run_sync import RECEIVE_BYTES
from pyro_core.context import sending, serving
from pyro_core.errors import SerializeError
from pyro_core.wire.message import NO_ANNOTATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    Shortest = Callable[[str, Sequence[Any], "Mapping[str, Any] | None"], Any]
    """Method, arguments, keyword arguments -> the result or an ``Unfinished``, or it raises."""

USUAL: Final = frozenset({int, str, float, bool, type(None), list, dict, tuple})
"""Types of arguments that are encoded and nothing else. Others may have to travel beside the call."""


def shortest(ready: Direct) -> Shortest | None:
    """Makes plain calls on the connection that is ``ready``; None if there are no plain calls."""
    if ready.plain is None:
        return None
    plain_call, plain_reply, _ = ready.plain
    dialogue, link = ready.dialogue, ready.dialogue.connection.link
    turn, out, clock, waiting, oneway = ready.turn, dialogue.out, ready.clock, ready.waiting, ready.oneway
    object_id, timeout_s, most_bytes = ready.object_id, ready.timeout_s, ready.max_bytes
    encode_call, decode_value = ready.encode_call, ready.decode_value
    send, recv = link.sock.send, link.sock.recv
    not_begun, with_care = Unfinished(dialogue, None), Unfinished(dialogue, None, needs_care=True)

    def call(method: str, args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> Any:
        block = sending()
        if (block is not None and not block.is_empty) or serving() is not None or method in oneway:
            return not_begun
        for arg in args:
            if type(arg) not in USUAL:
                return not_begun
        try:
            payload = encode_call(object_id, method, args, kwargs)
        except SerializeError:
            return with_care
        if len(payload) > most_bytes or not turn.acquire(False):
            return with_care
        sent = seq = 0
        request, message = b"", None
        try:
            now = clock()
            if dialogue.over or now - dialogue.used_at >= QUIET_S:
                return with_care
            if link.receive_timeout_s != timeout_s:
                link.bound_waits(timeout_s)
            dialogue.used_at = now
            out.acquire()  # quicker than a with block
            try:
                seq, request = plain_call(payload)
                sent = send(request)
                if sent != len(request):
                    ready.send_rest(request, sent, now)
            finally:
                out.release()
            data = recv(RECEIVE_BYTES)
            answer = plain_reply(seq, data)
            if answer is None:
                message = ready.answer_from(data, seq, now)
        except BaseException as problem:
            ready.failed(problem, seq, request, sent)
            raise
        finally:
            turn.release()
            if waiting:
                dialogue.rescue()
        if block is not None:
            block.response_annotations = NO_ANNOTATIONS if message is None else message.annotations
        return Unfinished(dialogue, message) if answer is None else decode_value(answer)

    return call
