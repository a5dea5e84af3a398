"""``config.LOGWIRE``: every message in the log, as it is sent or received."""

import logging
from typing import TYPE_CHECKING
from uuid import UUID

from pyro_core.wire.message import Message, kind_name
from pyro_core.wire.told import told

if TYPE_CHECKING:
    from pyro_core.wire.codec import Codecs

log = logging.getLogger("Pyro4.wire")


def logged(codecs: "Codecs") -> "Codecs":
    """The same protocol versions, with every message written to the log at level DEBUG."""
    return told(codecs, _tell)


def _tell(how: str, message: Message) -> None:
    identity = message.correlation_id
    log.debug(
        "%s: type=%d (%s) flags=0x%x ser=%d seq=%d corr=%s annotations=%r payload=%r",
        how,
        message.kind,
        kind_name(message.kind),
        message.flags,
        message.serializer_id,
        message.seq,
        None if identity is None else UUID(bytes=identity),
        dict(message.annotations),
        bytes(message.payload),
    )
