"""The datagrams, and the service type, by which a client finds a name server in its network."""

from typing import Final

from pyro_core.errors import ProtocolError, PyroError
from pyro_core.uri import URI

QUESTION: Final = b"GET_NSURI"
"""Sent by clients to the broadcast port; nothing else is answered."""
MAX_ANSWER_BYTES: Final = 512
"""Our clients read this much. Stock clients read 100 bytes, enough for a host name of usual length."""
MDNS_TYPE: Final = "_pyro-ns._tcp.local."
"""What name servers announce themselves as by multicast DNS."""
_ANY: Final = "0.0.0.0"


def answer_for(datagram: bytes, uri: URI, local_address: str | None) -> bytes | None:
    """What a name server answers.

    Args:
        datagram: What arrived.
        uri: The name server's address.
        local_address: This machine's address as the asker sees it; it replaces ``0.0.0.0`` in the answer.

    Returns:
        The datagram to send back, or None for no answer.
    """
    if datagram != QUESTION:
        return None
    if uri.host == _ANY and local_address:
        uri = URI.for_location(str(uri.object), host=local_address, port=uri.port)
    return str(uri).encode("latin-1", "replace")


def parse_answer(datagram: bytes) -> URI:
    """The name server's address in an answer.

    Raises:
        ProtocolError: If it is no answer of a name server.
    """
    try:
        if len(datagram) > MAX_ANSWER_BYTES:
            raise PyroError(f"{len(datagram)} bytes are too many")
        uri = URI(datagram.decode("latin-1"))
        if uri.protocol != "PYRO":
            raise PyroError(f"{uri} is no address")
    except PyroError as problem:
        raise ProtocolError(
            f"not an answer of a name server: {datagram[:80]!r}: {problem}",
            expected="URI",
            received=datagram[:80],
        ) from problem
    return uri
