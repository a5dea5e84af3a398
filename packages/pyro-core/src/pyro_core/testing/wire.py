"""A client and a server session joined in memory, with control over how the bytes are cut on their way."""

import random
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet

from pyro_core.client_session import ClientSession
from pyro_core.events import Accepted, CallArrived, ClientEvent, ConnectArrived, ReplyArrived, ServerEvent
from pyro_core.server_session import ServerSession
from pyro_core.settings import Limits
from pyro_core.wire.message import ONEWAY, Message

Cut = Callable[[bytes], Iterable[bytes]]
"""Cuts data into the pieces in which it shall arrive."""


def whole(data: bytes) -> Iterator[bytes]:
    """All of it at once."""
    yield data


def byte_by_byte(data: bytes) -> Iterator[bytes]:
    """One byte at a time."""
    for position in range(len(data)):
        yield data[position : position + 1]


def at(*positions: int) -> Cut:
    """Cuts at these offsets, counted from the start of what is sent at one time."""

    def cut(data: bytes) -> Iterator[bytes]:
        start = 0
        for position in sorted(positions):
            yield data[start:position]
            start = max(start, position)
        yield data[start:]

    return cut


def at_random(seed: int, most: int = 100) -> Cut:
    """Pieces of 1 to ``most`` bytes, the same ones for the same seed."""
    source = random.Random(seed)

    def cut(data: bytes) -> Iterator[bytes]:
        start = 0
        while start < len(data):
            end = start + source.randint(1, most)
            yield data[start:end]
            start = end

    return cut


class WirePair:
    """A client and a server session, and the wire between them.

    Args:
        version: Protocol version that the client speaks.
        cut: How data arrives at either side.
        limits: For both sides.
        client_features: What the client offers.
        server_features: What the server can do.
        require_handshake: False for the dialogue on a socket that the program connected itself.
    """

    def __init__(
        self,
        *,
        version: int = 502,
        cut: Cut = whole,
        limits: Limits | None = None,
        client_features: Iterable[str] = (),
        server_features: AbstractSet[str] = frozenset(),
        require_handshake: bool = True,
    ) -> None:
        limits = limits or Limits()
        self.cut = cut
        self.client = ClientSession(
            version=version, limits=limits, features=client_features, require_handshake=require_handshake
        )
        self.server = ServerSession(
            limits=limits, features=server_features, require_handshake=require_handshake
        )

    def to_server(self, data: bytes) -> list[ServerEvent]:
        """Let data arrive at the server; gives what it made of it."""
        events: list[ServerEvent] = []
        for piece in self.cut(data):
            self.server.receive_data(piece)
            events += self.server.events()
        return events

    def to_client(self, data: bytes) -> list[ClientEvent]:
        """Let data arrive at the client; gives what it made of it."""
        events: list[ClientEvent] = []
        for piece in self.cut(data):
            self.client.receive_data(piece)
            events += self.client.events()
        return events

    def handshake(self, payload: bytes = b"hello", answer: bytes = b"welcome") -> tuple[Message, Message]:
        """Connect the two; gives the CONNECT and the CONNECTOK as they arrived."""
        match self.to_server(self.client.connect(1, payload)):
            case [ConnectArrived(message=request)]:
                pass
            case seen:
                raise AssertionError(f"the server was to see one handshake, but saw {seen}")
        match self.to_client(self.server.accept(request, answer)):
            case [Accepted(message=reply)]:
                return request, reply
            case heard:
                raise AssertionError(f"the client was to be accepted, but saw {heard}")

    def call(self, payload: bytes, answer: bytes = b"", *, flags: int = 0) -> tuple[Message, Message | None]:
        """Make a call; gives the INVOKE and the RESULT as they arrived, no RESULT for a one-way call."""
        match self.to_server(self.client.call(1, payload, flags)):
            case [CallArrived(message=request)]:
                pass
            case seen:
                raise AssertionError(f"the server was to see one call, but saw {seen}")
        if flags & ONEWAY:
            return request, None
        match self.to_client(self.server.reply(request, answer)):
            case [ReplyArrived(message=reply)]:
                return request, reply
            case heard:
                raise AssertionError(f"the client was to see one reply, but saw {heard}")
