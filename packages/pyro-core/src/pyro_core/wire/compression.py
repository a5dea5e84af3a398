"""Compressed payloads, with a limit on what comes out."""

from __future__ import annotations

import zlib

from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.wire.message import COMPRESSED, Buffer, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

LEVEL: Final = 4
"""zlib's level: the one that stock peers use."""
AT_LEAST_BYTES: Final = 200
"""Payloads below this size are not worth the time."""


def compress(payload: Buffer, *, level: int = LEVEL, at_least: int = AT_LEAST_BYTES) -> bytes | None:
    """The payload as a zlib stream, or None if that is not shorter.

    Args:
        payload: What to compress.
        level: 1 (fast) to 9 (small).
        at_least: Shorter payloads, in bytes, are not tried.
    """
    size = len(payload)
    if size < at_least:
        return None
    packed = zlib.compress(payload, level)
    return packed if len(packed) < size else None


def inflate(payload: Buffer, max_bytes: int) -> bytes:
    """The contents of a zlib stream, never making more than one byte above the limit of them.

    Args:
        payload: Exactly one zlib stream.
        max_bytes: The most that may come out.

    Raises:
        MessageTooLarge: If more would come out.
        ProtocolError: If it is not a zlib stream, ends early, or something follows it.
    """
    stream = zlib.decompressobj()
    try:
        inflated = stream.decompress(payload, max_bytes + 1)
    except zlib.error as problem:
        raise ProtocolError(
            f"invalid compressed payload; expected a zlib stream, received one with: {problem}",
            expected="zlib stream",
            received=str(problem),
        ) from problem
    if len(inflated) > max_bytes:
        raise MessageTooLarge(len(inflated), max_bytes, "inflated payload")
    if not stream.eof or stream.unused_data:
        flaw = f"{len(stream.unused_data)} bytes behind its end" if stream.eof else "its end missing"
        raise ProtocolError(
            f"invalid compressed payload; expected exactly one zlib stream, received one with {flaw}",
            expected="exactly one zlib stream",
            received=flaw,
        )
    return inflated


def inflated(message: Message, max_message_bytes: int) -> Message:
    """The message itself, its payload inflated in place if it is compressed.

    Args:
        message: A received message.
        max_message_bytes: The most that the payload may become.

    Raises:
        MessageTooLarge: If it would become larger.
        ProtocolError: If it cannot be inflated.
    """
    if message.flags & COMPRESSED:
        message.payload = inflate(message.payload, max_message_bytes)
        message.flags &= ~COMPRESSED
    return message
