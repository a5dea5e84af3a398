"""What two of our own peers say to each other beside calls and their answers.

Either side may send these once both have agreed to the extra in question (see ``pyro_core.features``):

======  ====================  =======================================================================
kind    sequence number       says
======  ====================  =======================================================================
CANCEL  that of the call      its caller does not want the answer any more
CREDIT  0                     to who makes the items of a stream: how many arrived and how many may be sent
ITEMS   0                     to who takes them: the next items of a stream, or its end
INVOKE  in the server's       server to client: a call of an object that the client has offered
        own numbering
======  ====================  =======================================================================

The stream of a CREDIT or ITEMS is named by the annotation ``STRM``. A CREDIT's payload is one byte (1 for "no
more, thank you", else 0) and two 64-bit numbers: items taken, and items that may be sent, both counted from
the beginning of the stream, so that repeating one does no harm. The annotation ``ITMS`` of an ITEMS is a
byte (see ``MORE`` and the others) and the number of its first item; its payload is the serialized list of
items, or for ``FAILED`` the exception. The annotation ``DLIN`` of an INVOKE is a 32-bit number: milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct

from pyro_core.errors import ProtocolError
from pyro_core.names import ANNOTATION_DEADLINE, ANNOTATION_ITEMS, ANNOTATION_STREAM
from pyro_core.records import Record
from pyro_core.wire.message import CANCEL, CREDIT, EXCEPTION, ITEMS, NO_ANNOTATIONS, Buffer, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from pyro_core.wire.codec import Codec

MORE: Final = 0
"""State of a stream: more items may come."""
PAUSED: Final = 1
"""More items may come, but only after the next CREDIT, whatever was allowed before."""
ENDED: Final = 2
"""These were the last items."""
FAILED: Final = 3
"""Making the next item raised an exception, which is the payload."""
_STATES: Final = frozenset({MORE, PAUSED, ENDED, FAILED})

_CREDIT: Final = Struct("!BQQ")
_ITEMS: Final = Struct("!BQ")
_DEADLINE: Final = Struct("!I")
_MAX_DEADLINE_MS: Final = 0xFFFF_FFFF
_MAX_STREAM_ID_BYTES: Final = 64


class Credit(Record):
    """What the taker of a stream tells its maker.

    Attributes:
        stream_id: Which stream.
        taken: Items that somebody has taken, from the beginning; those after them may have to be sent again.
        limit: Items that may be sent, from the beginning.
        stop: No more are wanted.
    """

    __slots__ = ("stream_id", "taken", "limit", "stop")

    def __init__(self, stream_id: str, taken: int, limit: int, stop: bool = False) -> None:
        self.stream_id = stream_id
        self.taken = taken
        self.limit = limit
        self.stop = stop


class Items(Record):
    """What the maker of a stream tells its taker.

    Attributes:
        stream_id: Which stream.
        state: ``MORE``, ``PAUSED``, ``ENDED`` or ``FAILED``.
        first: Number of the first of these items.
        message: The message, whose payload is the list of items, or the exception.
    """

    __slots__ = ("stream_id", "state", "first", "message")

    def __init__(self, stream_id: str, state: int, first: int, message: Message) -> None:
        self.stream_id = stream_id
        self.state = state
        self.first = first
        self.message = message


def pack_cancel(codec: Codec, seq: int) -> bytes:
    """The message that takes a call back."""
    return codec.pack(CANCEL, 0, seq, b"")


def pack_credit(codec: Codec, credit: Credit) -> bytes:
    """The message with a ``Credit``."""
    payload = _CREDIT.pack(credit.stop, credit.taken, credit.limit)
    return codec.pack(CREDIT, 0, 0, payload, 0, {ANNOTATION_STREAM: credit.stream_id.encode("ascii")})


def pack_items(
    codec: Codec, serializer_id: int, stream_id: str, state: int, first: int, payload: Buffer
) -> bytes:
    """The message with items of a stream; see ``Items``."""
    annotations = {
        ANNOTATION_STREAM: stream_id.encode("ascii"),
        ANNOTATION_ITEMS: _ITEMS.pack(state, first),
    }
    flags = EXCEPTION if state == FAILED else 0
    return codec.pack(ITEMS, serializer_id, 0, payload, flags, annotations)


def read_credit(message: Message) -> Credit:
    """What a CREDIT says. Raises ProtocolError if it is malformed."""
    if len(message.payload) != _CREDIT.size:
        raise _malformed("CREDIT", f"{_CREDIT.size} bytes of payload", f"{len(message.payload)} bytes")
    stop, taken, limit = _CREDIT.unpack(message.payload)
    return Credit(_stream_id(message), taken, limit, bool(stop))


def read_items(message: Message) -> Items:
    """What an ITEMS says. Raises ProtocolError if it is malformed."""
    about = message.annotations.get(ANNOTATION_ITEMS, b"")
    if len(about) != _ITEMS.size:
        raise _malformed("ITEMS", f"an annotation {ANNOTATION_ITEMS} of {_ITEMS.size} bytes", f"{len(about)}")
    state, first = _ITEMS.unpack(about)
    if state not in _STATES:
        raise _malformed("ITEMS", f"one of the states {sorted(_STATES)}", str(state))
    return Items(_stream_id(message), state, first, message)


def deadline_annotation(left_s: float) -> Mapping[str, bytes]:
    """The annotation that tells how long a caller will wait, in seconds; at least a millisecond."""
    return {ANNOTATION_DEADLINE: _DEADLINE.pack(min(max(int(left_s * 1000), 1), _MAX_DEADLINE_MS))}


def read_deadline(annotations: Mapping[str, bytes]) -> float | None:
    """How long the caller of a request will wait, in seconds; None if it does not tell."""
    if annotations is NO_ANNOTATIONS:
        return None
    data = annotations.get(ANNOTATION_DEADLINE)
    if data is None or len(data) != _DEADLINE.size:
        return None
    milliseconds: int = _DEADLINE.unpack(data)[0]
    return milliseconds / 1000


def _stream_id(message: Message) -> str:
    data = message.annotations.get(ANNOTATION_STREAM, b"")
    if not data or len(data) > _MAX_STREAM_ID_BYTES or not bytes(data).isascii():
        raise _malformed("stream message", f"the name of its stream in {ANNOTATION_STREAM}", repr(data[:80]))
    return bytes(data).decode("ascii")


def _malformed(what: str, expected: str, received: str) -> ProtocolError:
    return ProtocolError(
        f"malformed {what}; expected {expected}, received {received}", expected=expected, received=received
    )
