"""Changes of bytes that are known to reach far: bits, bytes, lengths, and pieces put in or taken out."""

import random
from collections.abc import Sequence
from typing import Final

ODD: Final = (0, 1, 2, 0x20, 0x7F, 0x80, 0xC1, 0xC4, 0xC9, 0xDD, 0xDF, 0xFE, 0xFF)
SIZES: Final = (0, 1, 0x7F, 0xFF, 0x100, 0x7FFF, 0xFFFF, 0x10000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
TOKENS: Final = (
    b"__class__", b"__exception__", b"__getattr__", b"__dict__", b"<batch>", b"Pyro.Daemon", b"PYRO",
    b"null", b"NaN", b"1e999", b"()", b"\\u0000", b"\\ud800", b"9" * 5000, b"-" * 3000, b"1+" * 3000,
    b"[" * 500, b"(" * 500, b"\x91" * 500, b"\x81\xa1a" * 300, b"\xc7\x08\x00", b"\xd4\x01",
    b"{'__class__':'builtins.SystemExit'}", b'{"__class__":"float","value":"nan"}',
)  # fmt: skip


def mutated(rng: random.Random, data: bytes, others: Sequence[bytes] = (), most: int = 4) -> bytes:
    """The bytes with a few changes.

    Args:
        rng: Decides.
        data: What to change.
        others: What pieces may be taken from.
        most: How many changes at most; one at least.
    """
    changed = bytearray(data)
    for _ in range(rng.randrange(1, most + 1)):
        position = rng.randrange(len(changed) + 1)
        kind = rng.randrange(8)
        if kind == 0 and position < len(changed):
            changed[position] ^= 1 << rng.randrange(8)
        elif kind == 1 and position < len(changed):
            changed[position] = rng.choice(ODD)
        elif kind == 2:
            width = rng.choice((1, 2, 4, 8))
            number = rng.choice(SIZES) & ((1 << 8 * width) - 1)
            changed[position : position + width] = number.to_bytes(width, rng.choice(("big", "little")))
        elif kind == 3:
            del changed[position : position + rng.choice((1, 2, 4, 20))]
        elif kind == 4:
            piece = changed[position : position + rng.randrange(40)]
            changed[position:position] = piece * rng.choice((1, 1, 2, 20))
        elif kind == 5:
            changed[position:position] = rng.choice(TOKENS)
        elif kind == 6 and others:
            other = rng.choice(others)
            begin = rng.randrange(len(other) + 1)
            changed[position : position + rng.randrange(20)] = other[begin : begin + rng.randrange(80)]
        elif kind == 7:
            del changed[position:]
    return bytes(changed)
