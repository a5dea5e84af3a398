"""The quickest way for plain messages (see ``pyro_core.wire.plain``) of a client's session."""

from __future__ import annotations

from collections.abc import Sequence

from pyro_core.call_numbers import number_after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyro_core.client_session import ClientSession
    from pyro_core.framebuffer import FrameBuffer
    from pyro_core.wire.plain import PackPlain, PlainCall, PlainReplies, PlainReply


def plain_ways(
    session: ClientSession, pack: PackPlain, buffer: FrameBuffer, waiting: set[int], forgotten: set[int]
) -> tuple[PlainCall, PlainReply, PlainReplies]:
    """What ``ClientSession.plain_ways`` gives.

    Args:
        session: The session, which counts its calls.
        pack: Makes an INVOKE.
        buffer: Expects the answers.
        waiting: Numbers of the calls whose answers are due.
        forgotten: Those of them whose answers nobody wants.
    """
    take, take_some = buffer.take_plain, buffer.take_some_plain

    def call(payload: bytes) -> tuple[int, bytes]:
        seq = (session.seq + 1) & 0xFFFF
        if seq in waiting:
            seq = number_after(seq, waiting)
        session.seq = seq
        waiting.add(seq)
        return seq, pack(seq, payload)

    def reply(seq: int, data: bytes) -> bytes | None:
        plain = take(data)
        if plain is None or plain[0] != seq:
            return None
        waiting.discard(seq)
        return plain[1]

    def replies(data: bytes) -> tuple[Sequence[tuple[int, bytes]], int]:
        plain = take(data)
        if plain is not None:  # alone, as most are
            if plain[0] not in waiting or plain[0] in forgotten:
                return (), 0
            waiting.discard(plain[0])
            return (plain,), len(data)
        found, end = take_some(data)
        numbers = {seq for seq, _ in found}
        if len(numbers) != len(found) or not numbers <= waiting or not forgotten.isdisjoint(numbers):
            return (), 0
        waiting.difference_update(numbers)
        return found, end

    return call, reply, replies
