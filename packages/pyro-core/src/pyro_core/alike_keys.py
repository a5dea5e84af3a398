"""Keys that were chosen to make a dict slow.

Hashes of text differ from process to process, but those of numbers, and of what is made of them, do not:
a peer can send keys that all have one hash, and a dict of n of them takes time in proportion to n * n.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from pyro_core.errors import SerializeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

FEW: Final = 1_000
"""So many keys do no harm, whatever they are."""
MOST_ALIKE: Final = 100
"""So many of more keys may have the same hash."""


def check_keys(keys: Collection[Any], serializer: str = "") -> None:
    """To be called with the keys of a dict, or the items of a set, that came from a peer, before it is made.

    Args:
        keys: What is to be in it.
        serializer: Name of the serializer, for the error.

    Raises:
        SerializeError: If far too many of them have the same hash.
        TypeError: If one has none.
    """
    if len(keys) <= FEW:
        return
    most = max(Counter(map(hash, keys)).values())
    if most > MOST_ALIKE:
        raise SerializeError(
            f"{most} keys of a dict, or items of a set, have the same hash, more than {MOST_ALIKE}, which "
            "does not happen by chance; send them as a list",
            serializer=serializer,
        )
