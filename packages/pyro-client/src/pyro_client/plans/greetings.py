"""Handshakes that went the same way before: programs often connect to the same object again and again."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from pyro_core.metadata import Metadata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

MOST: Final = 64
"""So many requests are remembered, and as many answers."""
MOST_BYTES: Final = 4096
"""Larger answers are read each time."""


class Greeting:
    """What the answer to a handshake says.

    Attributes:
        said: What the server's daemon said to the client.
        metadata: Members of the object.
        features: Extras that both sides agreed on.
        annotations: What came along.
    """

    __slots__ = ("annotations", "features", "metadata", "said")

    def __init__(
        self, said: str, metadata: Metadata, features: frozenset[str], annotations: Mapping[str, bytes]
    ) -> None:
        self.said = said
        self.metadata = metadata
        self.features = features
        self.annotations = dict(annotations)


class Greetings:
    """A bounded memory of requests, by what they say, and of what answers to them mean. Thread-safe.

    An answer is known only if request and answer are the same to the last byte, so that reading it again
    would give the same. Nothing else is kept, least of all tokens.
    """

    def __init__(self) -> None:
        self._requests: dict[Hashable, bytes] = {}
        self._answers: dict[tuple[bytes, bytes], Greeting] = {}

    def request(self, key: Hashable) -> bytes | None:
        """The bytes of a request; None if they are not known."""
        return self._requests.get(key)

    def remember_request(self, key: Hashable, request: bytes) -> None:
        """Note the bytes of a request."""
        if len(self._requests) >= MOST:
            self._requests = {}
        self._requests[key] = request

    def answer(self, request: bytes, answer: bytes) -> Greeting | None:
        """What an answer says; None if it is not known."""
        return self._answers.get((request, answer))

    def remember_answer(self, request: bytes, answer: bytes, greeting: Greeting) -> None:
        """Note what an answer says."""
        if len(answer) <= MOST_BYTES:
            if len(self._answers) >= MOST:
                self._answers = {}
            self._answers[request, answer] = greeting


SHARED: Final = Greetings()
"""What all proxies of this process met."""
