"""Well-known names and numbers that both ends of a connection must agree on.

Everything here is a fact of the two stock wire protocols (48 = Pyro4, 502 = Pyro5) or of the name
server they share; nothing here is a setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

PROTOCOL_48: Final = 48
"""Wire protocol of Pyro4."""
PROTOCOL_502: Final = 502
"""Wire protocol of Pyro5."""
PROTOCOL_VERSIONS: Final = (PROTOCOL_502, PROTOCOL_48)
"""Versions we speak, the preferred one first."""

DAEMON_ID: Final = "Pyro.Daemon"
"""Object id of the object that every daemon serves about itself."""
NAMESERVER_ID: Final = "Pyro.NameServer"
"""Object id, and registered name, of the name server."""

NAMESERVER_PORT: Final = 9090
"""TCP port where clients look for the name server."""
BROADCAST_PORT: Final = 9091
"""UDP port where the name server answers discovery datagrams."""

BATCH_METHOD: Final = "<batch>"
"""Method name of a message that carries several calls."""
GET_ATTRIBUTE: Final = "__getattr__"
"""Method name of a remote attribute read."""
SET_ATTRIBUTE: Final = "__setattr__"
"""Method name of a remote attribute write."""

NEXT_ITEM: Final = "get_next_stream_item"
"""Method of a daemon's own object with which a stock client takes the next item of a stream."""

ANNOTATION_STREAM: Final = "STRM"
"""Reply annotation: the id of the item stream that the call returned."""
ANNOTATION_BLOB: Final = "BLBI"
"""Request annotation: marshal of ``(info, object id, method)`` of a call whose arguments stay serialized."""
ANNOTATION_CORRELATION: Final = "CORR"
"""Protocol 48 carries the correlation id (16 bytes) here; protocol 502 has a header field for it."""
ANNOTATION_HMAC: Final = "HMAC"
"""Protocol 48: SHA-1 digest of a message, where both sides share a key."""
ANNOTATION_FEATURES: Final = "PYRX"
"""CONNECT and CONNECTOK annotation: the extras offered and agreed (see ``pyro_core.features``)."""
ANNOTATION_DEADLINE: Final = "DLIN"
"""Request annotation between our peers: how long the caller will wait (see ``pyro_core.duplex``)."""
ANNOTATION_ITEMS: Final = "ITMS"
"""Annotation of a message with items of a stream, between our peers (see ``pyro_core.duplex``)."""
ANNOTATION_BUFFERS: Final = "BUFS"
"""Annotation between our peers: which parts of the payload are buffers (see ``pyro_core.bulk``)."""
ANNOTATION_ONCE: Final = "ONCE"
"""Between our peers: the number of a call that may be repeated (see ``pyro_core.call_ids``)."""
ANNOTATION_DELIVERY: Final = "DLVR"
"""Between our peers, with the error of a call: whether it was executed (``pyro_core.call_ids``)."""
ANNOTATION_TRACE: Final = "TRCE"
"""Request annotation with W3C trace context: ``traceparent``, and, after a line feed, ``tracestate`` if any.

Not reserved: programs that trace in their own way may set it.
"""
RESERVED_ANNOTATIONS: Final = frozenset(
    {
        ANNOTATION_STREAM,
        ANNOTATION_BLOB,
        ANNOTATION_CORRELATION,
        ANNOTATION_HMAC,
        ANNOTATION_FEATURES,
        ANNOTATION_DEADLINE,
        ANNOTATION_ITEMS,
        ANNOTATION_BUFFERS,
        ANNOTATION_ONCE,
        ANNOTATION_DELIVERY,
    }
)
"""Annotation ids that users may not set themselves."""

CALLBACK_HOST: Final = "<connection>"
"""Host in the address of an object that is reached over the connection on which the address came."""

PING_SERIALIZER_ID: Final = 42
"""What stock clients put into the serializer field of a PING; it has no meaning."""

STOCK_SERIALIZER_IDS: Final[Mapping[int, Mapping[str, int]]] = MappingProxyType(
    {
        PROTOCOL_502: MappingProxyType({"serpent": 1, "marshal": 2, "json": 3, "msgpack": 4}),
        PROTOCOL_48: MappingProxyType(
            {"serpent": 1, "json": 2, "marshal": 3, "pickle": 4, "dill": 5, "msgpack": 6, "cloudpickle": 7}
        ),
    }
)
"""Serializer numbers of the stock systems: protocol version -> name -> number."""

ERROR_MODULES: Final[Mapping[int, str]] = MappingProxyType(
    {PROTOCOL_502: "Pyro5.errors", PROTOCOL_48: "Pyro4.errors"}
)
"""Module under which each generation's peers know the errors of the system itself."""
