"""The words of refusals.

A server that refuses before it knows the client's serializer sends its reason as a marshalled string. We
write and read that one type by ourselves: ``marshal.loads`` on a stranger's bytes can crash the interpreter.

Source: the marshal format, version 4: one byte of type (bit 0x80 marks an object that may be referred to
later), a length, the characters.
"""

from __future__ import annotations

from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.names import PROTOCOL_48
from pyro_core.wire.message import CONNECT, INVOKE, PING, Buffer, Message, kind_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_SHORT_ASCII: Final = b"\xfa"
_ASCII: Final = b"\xe1"
_UNICODE: Final = b"\xf5"
_REFERENCE_BIT: Final = 0x80
_SHORT_TYPES: Final = frozenset(b"zZ")
_LONG_TYPES: Final = {ord("a"): "ascii", ord("A"): "ascii", ord("u"): "utf-8", ord("t"): "utf-8"}


def encode_reason(text: str) -> bytes:
    """The marshal form of a string."""
    if not text.isascii():
        raw = text.encode("utf-8", "surrogatepass")
        return _UNICODE + len(raw).to_bytes(4, "little") + raw
    raw = text.encode("ascii")
    if len(raw) <= 0xFF:
        return _SHORT_ASCII + bytes((len(raw),)) + raw
    return _ASCII + len(raw).to_bytes(4, "little") + raw


def decode_reason(payload: Buffer) -> str:
    """The string that a payload is the marshal form of; what follows it is ignored, as marshal does.

    Raises:
        ProtocolError: If the payload is anything else.
    """
    data = bytes(payload)
    kind = data[0] & ~_REFERENCE_BIT if data else 0
    if kind in _SHORT_TYPES:
        start, encoding = 2, "ascii"
        size = int.from_bytes(data[1:2], "little")
    elif kind in _LONG_TYPES:
        start, encoding = 5, _LONG_TYPES[kind]
        size = int.from_bytes(data[1:5], "little", signed=True)
    else:
        raise ProtocolError(
            f"reason of a refusal cannot be read; expected a marshalled string, received {data[:20]!r}",
            offset=0,
            expected="marshalled string",
            received=data[:20],
        )
    raw = data[start : start + size] if size >= 0 else b""
    try:
        if len(data) < start or len(raw) != size:
            raise ValueError(f"{size} bytes announced, {max(len(data) - start, 0)} present")
        return raw.decode(encoding, "surrogatepass" if encoding == "utf-8" else "strict")
    except ValueError as problem:
        raise ProtocolError(
            f"reason of a refusal cannot be read; the marshalled string is damaged: {problem}",
            offset=start,
            expected=size,
            received=len(raw),
        ) from problem


def stock_reason(error: ProtocolError) -> str:
    """What a stock server says about an error in a client's first message.

    Our own texts begin with the same words, and go on behind a semicolon.
    """
    if isinstance(error, MessageTooLarge):
        return f"message too large ({error.size_bytes}, max={error.limit_bytes})"
    return str(error).partition("; ")[0]


def not_connected(message: Message) -> ProtocolError:
    """The error for a client that begins with something else than a handshake."""
    expected = "" if message.version == PROTOCOL_48 else f" (expected: {CONNECT})"
    return ProtocolError(
        f"invalid msg type {message.kind} received{expected}"
        f"; a client begins with CONNECT, not with {kind_name(message.kind)}",
        offset=6,
        expected=CONNECT,
        received=message.kind,
    )


def neither_call_nor_ping(message: Message) -> ProtocolError:
    """The error for a client that sends what none may send after the handshake."""
    return ProtocolError(
        f"invalid msg type {message.kind} received"
        f"; expected INVOKE or PING after the handshake, received {kind_name(message.kind)}",
        offset=6,
        expected=(INVOKE, PING),
        received=message.kind,
    )
