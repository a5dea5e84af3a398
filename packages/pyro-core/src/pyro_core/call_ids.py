"""How a call that may be repeated is named, so that a server can tell a repetition from a new call.

Where both sides agreed on ``once`` (see ``pyro_core.features``), the answer to CONNECT has the annotation
``ONCE`` with the server's id (16 random bytes) and the time on its own clock (64 bits, milliseconds). A call
that its client may repeat has the annotation ``ONCE``, too: the client's id (16 random bytes); the number of
the call, which never comes again; the lowest number of those calls of the client that are not over, so that
the server may forget the answers below it; and for a repetition the id of the server that may have seen the
call before, and the time on that server's clock before which it cannot have (else zeros).

The answer of a call that failed may have the annotation ``DLVR``: ``AGAIN``, ``LEFT_OUT`` or ``UNKNOWN``.
"""

from __future__ import annotations

from struct import Struct

from pyro_core.errors import ProtocolError
from pyro_core.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

AGAIN: Final = b"again"
"""The call was not executed, but would be at another time."""
LEFT_OUT: Final = b"no"
"""The call was not executed."""
UNKNOWN: Final = b"maybe"
"""This server cannot tell whether the call was executed when it was made before."""

ID_BYTES: Final = 16
NOBODY: Final = bytes(ID_BYTES)
_CALL: Final = Struct(f"!{ID_BYTES}sQQ{ID_BYTES}sQ")
_STAMP: Final = Struct(f"!{ID_BYTES}sQ")


class CallId(Record):
    """The name of a call that may be repeated.

    Attributes:
        client: Id of the client.
        number: Of the call.
        done_below: All calls with lower numbers are over.
        server: Id of the server that may have seen the call before; ``NOBODY`` if none has.
        since_ms: That was not before this time, on that server's clock.
    """

    __slots__ = ("client", "number", "done_below", "server", "since_ms")

    def __init__(
        self, client: bytes, number: int, done_below: int, server: bytes = NOBODY, since_ms: int = 0
    ) -> None:
        self.client = client
        self.number = number
        self.done_below = done_below
        self.server = server
        self.since_ms = since_ms

    @property
    def is_repetition(self) -> bool:
        """Whether a server may have seen the call before."""
        return self.server != NOBODY

    def pack(self) -> bytes:
        """The annotation."""
        return _CALL.pack(self.client, self.number, self.done_below, self.server, self.since_ms)


def read_call_id(annotation: bytes) -> CallId:
    """Read the annotation of a call.

    Raises:
        ProtocolError: If it has another length.
    """
    if len(annotation) != _CALL.size:
        raise ProtocolError(
            f"the number of a call that may be repeated has {len(annotation)} bytes, expected {_CALL.size}",
            expected=_CALL.size,
            received=len(annotation),
        )
    return CallId(*_CALL.unpack(annotation))


def pack_stamp(server: bytes, now_ms: int) -> bytes:
    """The annotation of the answer to CONNECT: id of the server, and the time on its clock."""
    return _STAMP.pack(server, now_ms)


def read_stamp(annotation: bytes | None) -> tuple[bytes, int] | None:
    """Read it; None if there is none, or nothing that makes sense."""
    if annotation is None or len(annotation) != _STAMP.size:
        return None
    server, now_ms = _STAMP.unpack(annotation)
    return server, now_ms
