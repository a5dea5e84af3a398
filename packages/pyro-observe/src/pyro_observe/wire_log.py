"""The wire log: every message, as it is sent or received, to the logger ``pyro.wire`` at level DEBUG.

The header is there in hexadecimal digits and in words, annotations with their names and sizes. What a payload
holds is only there if that is asked for, and never that of a handshake, where tokens are.
"""

import logging
from functools import cache
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

from pyro_core.observing import Observer
from pyro_core.wire.codec import CODECS
from pyro_core.wire.message import (
    BATCH,
    COMPRESSED,
    CONNECT,
    CONNECT_FAIL,
    CONNECT_OK,
    EXCEPTION,
    KEEP_SERIALIZED,
    ONEWAY,
    STREAM,
    Message,
    kind_name,
)
from pyro_core.wire.told import told
from pyro_observe.settings import ObserveSettings

if TYPE_CHECKING:
    from pyro_core.observing import Side
    from pyro_core.wire.codec import Codecs

log = logging.getLogger("pyro.wire")

_HANDSHAKE: Final = frozenset({CONNECT, CONNECT_OK, CONNECT_FAIL})
_FLAGS: Final = {
    EXCEPTION: "exception",
    COMPRESSED: "compressed",
    ONEWAY: "oneway",
    BATCH: "batch",
    STREAM: "stream",
    KEEP_SERIALIZED: "keep-serialized",
}


class WireLog(Observer):
    """Logs messages.

    Args:
        payload_bytes: So many bytes of each payload are shown.
    """

    def __init__(self, payload_bytes: int = 0) -> None:
        self._payload_bytes = payload_bytes

    def codecs(self, side: "Side", codecs: "Codecs") -> "Codecs":
        def tell(way: Literal["sent", "received"], message: Message) -> None:
            if log.isEnabledFor(logging.DEBUG):
                log.debug("%s %s %s", side, way, self._text(message))

        return told(codecs, tell)

    def _text(self, message: Message) -> str:
        codec = CODECS[message.version]
        head = bytes(codec.encode_parts(message)[0][: codec.HEADER_SIZE])
        flags = "+".join(name for flag, name in _FLAGS.items() if message.flags & flag) or "-"
        carried = " ".join(f"{name}[{len(value)}]" for name, value in message.annotations.items()) or "-"
        identity = message.correlation_id
        parts = [
            f"{kind_name(message.kind)} v{message.version} seq={message.seq} flags={flags}",
            f"serializer={message.serializer_id} annotations={carried}",
            f"correlation={'-' if identity is None else UUID(bytes=identity)}",
            f"payload={len(message.payload)} bytes header={head.hex(' ', 4)}",
        ]
        if self._payload_bytes and message.kind not in _HANDSHAKE:
            parts.append(f"begins {bytes(message.payload)[: self._payload_bytes]!r}")
        return " ".join(parts)


@cache
def observer() -> WireLog:
    """The observer that the environment describes."""
    return WireLog(ObserveSettings.from_environ().wire_log_payload_bytes)
