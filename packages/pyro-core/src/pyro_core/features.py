"""The extras that two of our peers agree on; a stock peer ignores the offer.

The client names what it can do in the annotation ``PYRX`` of its CONNECT, the server answers with what both
can. The text is the number of this format and then names, with blanks between: ``b"1 cancel stream"``.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

CALLS: Final = "calls"
"""Several calls in flight on one connection, answered in any order."""
CANCEL: Final = "cancel"
"""A caller may take back a call that is under way."""
DEADLINE: Final = "deadline"
"""A call tells how long its caller will wait."""
STREAM: Final = "stream"
"""Items of a stream are pushed, many in a message, within a credit window; in both directions."""
CALLBACK: Final = "callback"
"""The server may call objects of the client on the same connection."""
BUFFERS: Final = "buffers"
"""Large binary values travel beside the serialized part of a message."""
TYPES: Final = "types"
"""Values keep their Python types (see ``Serializer.faithful``)."""
ONCE: Final = "once"
"""Calls that may be repeated are numbered, and the server remembers their answers for a while."""
SERIALIZER_PREFIX: Final = "ser."
"""Begins the name of a serializer that a client could use instead of that of the handshake."""

AUTO: Final = "auto"
"""As the name of a client's serializer: the fastest safe one that both sides have."""
AUTO_ORDER: Final = ("msgpack",)
"""Serializers that are faster than the one of the handshake, the fastest first."""
AUTO_HANDSHAKE: Final = "serpent"
"""What a client that has no other wish speaks in the handshake; every server understands it."""

DUPLEX: Final[frozenset[str]] = frozenset({CALLS, CANCEL, STREAM, CALLBACK, ONCE})
"""Extras that need a transport which reads on, and can send, while calls run."""
SUPPORTED: Final[frozenset[str]] = DUPLEX | {DEADLINE, BUFFERS, TYPES}
"""Extras that this version of the core can do."""
MAX_OFFER_BYTES: Final = 1_024
"""Longer offers count as none."""

_FORMAT: Final = b"1"


def offer(names: Iterable[str]) -> bytes:
    """The annotation that names these extras.

    Args:
        names: ASCII words without blanks; order and repetition do not matter.

    Raises:
        ValueError: If a name is no such word, or all together are longer than ``MAX_OFFER_BYTES``.
    """
    return _offer(frozenset(names))


@lru_cache(maxsize=64)
def _offer(names: frozenset[str]) -> bytes:
    words = sorted(names)
    for word in words:
        if not word.isascii() or word.split() != [word]:
            raise ValueError(
                f"feature name {word!r} cannot be offered; expected an ASCII word without blanks"
            )
    text = b" ".join((_FORMAT, *(word.encode("ascii") for word in words)))
    if len(text) > MAX_OFFER_BYTES:
        raise ValueError(
            f"offer of {len(text)} bytes is longer than {MAX_OFFER_BYTES} bytes; offer fewer features"
        )
    return text


def parse(data: bytes) -> frozenset[str]:
    """The names in an annotation, known or not; none if it is malformed or too long."""
    return frozenset() if len(data) > MAX_OFFER_BYTES else _parse(bytes(data))


@lru_cache(maxsize=64)
def _parse(data: bytes) -> frozenset[str]:
    if not data.isascii():
        return frozenset()
    words = data.split()
    if not words or words[0] != _FORMAT:
        return frozenset()
    return frozenset(word.decode("ascii") for word in words[1:])


def agree(offered: AbstractSet[str], supported: AbstractSet[str]) -> frozenset[str]:
    """The extras that both sides can do."""
    return _agree(frozenset(offered), frozenset(supported))


@lru_cache(maxsize=64)
def _agree(offered: frozenset[str], supported: frozenset[str]) -> frozenset[str]:
    return offered & supported
