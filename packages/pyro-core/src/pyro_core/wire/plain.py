"""Frames with nothing unusual about them, which most calls and answers are.

A plain frame is of one kind and serializer, and has no flags, no correlation id, and no annotations or always
the same. Then all of it before the payload but the number and the size is the same every time, so that it is
read and written with a few comparisons. The functions here make such readers and writers; whatever they do
not know is left to the codec.
"""

from __future__ import annotations

from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    PackPlain = Callable[[int, bytes], bytes]
    """Makes a frame of a number and a payload. Both must fit into their fields."""
    TakePlain = Callable[[bytes], "tuple[int, bytes] | None"]
    """Gives number and payload, if the bytes are exactly one plain frame; None says nothing else."""
    TakeSomePlain = Callable[[bytes, int], "tuple[list[tuple[int, bytes]], int]"]
    """Gives number and payload of each plain frame with which the bytes begin, and where the last one ends.

    It stops before a frame with a longer payload than the second argument, in bytes.
    """
    Plain = tuple[PackPlain, TakePlain, TakeSomePlain]

    PlainCall = Callable[[bytes], tuple[int, bytes]]
    """Gives number and INVOKE of a call with some payload; of a ``ClientSession``, as the following."""
    PlainReply = Callable[[int, bytes], bytes | None]
    """Gives the payload of the answer to a call, if the bytes are exactly that."""
    PlainReplies = Callable[[bytes], tuple[Sequence[tuple[int, bytes]], int]]
    """Gives number and payload of each answer at the beginning of the bytes, and where the last one ends."""
    PlainCalls = PlainReplies
    """The same for calls; of a ``ServerSession``."""


def plain_502(prefix: bytes, kind: int, serializer_id: int, end: bytes) -> Plain:
    """Writer and readers of plain frames of protocol 502.

    Args:
        prefix: The first six bytes.
        kind: Message kind.
        serializer_id: Of the payload.
        end: What is between the payload's size and the payload.
    """
    start = prefix + bytes((kind, serializer_id, 0, 0))
    header = Struct(f"!{len(start)}sHI{len(end)}s")
    pack_header, unpack_header, header_size = header.pack, header.unpack_from, header.size

    def pack(seq: int, payload: bytes) -> bytes:
        return pack_header(start, seq, len(payload), end) + payload

    def take(data: bytes) -> tuple[int, bytes] | None:
        if len(data) < header_size:
            return None
        found_start, seq, size, found_end = unpack_header(data)
        if found_start != start or found_end != end or size + header_size != len(data):
            return None
        return seq, data[header_size:]

    def take_some(data: bytes, most_bytes: int) -> tuple[list[tuple[int, bytes]], int]:
        frames = []
        position, last = 0, len(data) - header_size
        while position <= last:
            found_start, seq, size, found_end = unpack_header(data, position)
            if found_start != start or found_end != end or size > most_bytes or size > last - position:
                break
            payload_at = position + header_size
            position = payload_at + size
            frames.append((seq, data[payload_at:position]))
        return frames, position

    return pack, take, take_some


def plain_48(prefix: bytes, kind: int, serializer_id: int, checksum_start: int) -> Plain:
    """Writer and readers of plain frames of protocol 48.

    Args:
        prefix: The first six bytes.
        kind: Message kind.
        serializer_id: Of the payload.
        checksum_start: What the checksum is beside the fields of the header.
    """
    start = prefix + kind.to_bytes(2, "big") + bytes(2)
    middle = serializer_id << 16  # with no annotations
    base = checksum_start + kind + serializer_id
    header = Struct(f"!{len(start)}sHiIHH")
    pack_header, unpack_header, header_size = header.pack, header.unpack_from, header.size

    def pack(seq: int, payload: bytes) -> bytes:
        size = len(payload)
        return pack_header(start, seq, size, middle, 0, (base + size + seq) & 0xFFFF) + payload

    def take(data: bytes) -> tuple[int, bytes] | None:
        if len(data) < header_size:
            return None
        found_start, seq, size, found_middle, _, checksum = unpack_header(data)
        if (
            found_start != start
            or found_middle != middle
            or size + header_size != len(data)
            or checksum != (base + size + seq) & 0xFFFF
        ):
            return None
        return seq, data[header_size:]

    def take_some(data: bytes, most_bytes: int) -> tuple[list[tuple[int, bytes]], int]:
        frames = []
        position, last = 0, len(data) - header_size
        while position <= last:
            found_start, seq, size, found_middle, _, checksum = unpack_header(data, position)
            if (
                found_start != start
                or found_middle != middle
                or checksum != (base + size + seq) & 0xFFFF
                or not 0 <= size <= most_bytes
                or size > last - position
            ):
                break
            payload_at = position + header_size
            position = payload_at + size
            frames.append((seq, data[payload_at:position]))
        return frames, position

    return pack, take, take_some
