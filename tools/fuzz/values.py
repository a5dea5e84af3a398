"""Random values of the kinds that every safe serializer takes, and how far each keeps them."""

import random
import string
from typing import Any, Final

MOST_DEPTH: Final = 3
WHOLE: Final = (0, 1, -1, 255, -256, 65_535, 1 << 31, -(1 << 31), (1 << 53) - 1, 1 << 63)
REAL: Final = (0.0, -0.5, 1e-300, 1e300, 3.141592653589793)
LETTERS: Final = string.ascii_letters + string.digits + " _-'\"\\\n\té€𝄞\0"


def text(rng: random.Random, most: int = 30) -> str:
    return "".join(rng.choices(LETTERS, k=rng.randrange(most)))


def plain(rng: random.Random) -> Any:
    """One value that holds no others."""
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(WHOLE)
    if kind == 1:
        return rng.choice(REAL)
    if kind == 2:
        return rng.choice((True, False, None))
    if kind == 3:
        return text(rng)
    if kind == 4:
        return rng.randrange(-1000, 1000)
    return text(rng, 600)


def value(rng: random.Random, depth: int = MOST_DEPTH) -> Any:
    """A value that comes back as it was from every safe serializer."""
    kind = rng.randrange(4) if depth else 0
    if kind == 1:
        return [value(rng, depth - 1) for _ in range(rng.randrange(6))]
    if kind == 2:
        return {text(rng, 10): value(rng, depth - 1) for _ in range(rng.randrange(6))}
    return plain(rng)


def faithful_value(rng: random.Random, depth: int = MOST_DEPTH) -> Any:
    """A value that keeps its types only between two peers that have agreed on that."""
    kind = rng.randrange(5) if depth else 0
    if kind == 1:
        return tuple(faithful_value(rng, depth - 1) for _ in range(rng.randrange(5)))
    if kind == 2:
        return rng.randbytes(rng.choice((0, 1, 50, 5000)))
    if kind == 3:
        return {rng.randrange(100) for _ in range(rng.randrange(5))}
    if kind == 4:
        return {text(rng, 5): faithful_value(rng, depth - 1) for _ in range(rng.randrange(4))}
    return plain(rng)
