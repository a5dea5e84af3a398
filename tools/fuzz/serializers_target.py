"""Fuzz target: what safe serializers make of bytes from strangers.

Invariant: any bytes are a value, or a ``SerializeError`` or ``SecurityError``; and what was read can be
written and read again.

    python tools/fuzz/serializers_target.py FILE ...             check these
    python tools/fuzz/serializers_target.py --fuzz [OPTIONS] ...  look for new ones with atheris
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

sys.path.append(str(Path(__file__).resolve().parent.parent))

from fuzz import coverage, mutations, values
from pyro_core import plugins
from pyro_core.convert import ClassRules
from pyro_core.errors import SecurityError, SerializeError
from pyro_core.serializer import Serializer

SAFE: Final = ("serpent", "json", "msgpack")
REFUSALS: Final = (SerializeError, SecurityError)


@cache
def serializers() -> list[Serializer]:
    """Each safe one for each protocol version, plain and faithful."""
    made: list[Serializer] = []
    for version in (48, 502):
        for name in SAFE:
            plain: Serializer = plugins.serializers().load(name)(ClassRules().for_version(version))
            if version in plain.wire_ids:
                made += [plain, plain.faithful()]
    return made


def read(decode: Callable[[bytes], Any], data: bytes) -> tuple[Any, ...]:
    """What the bytes are; empty if they are nothing."""
    try:
        return (decode(data),)
    except REFUSALS:
        return ()


def check(data: bytes) -> None:
    """Raises AssertionError, or whatever a serializer must not raise, if the invariant does not hold."""
    for serializer in serializers():
        read(serializer.decode_call, data)
        read(serializer.decode_error, data)
        for value in read(serializer.decode_value, data):
            try:
                again = serializer.encode_value(value)
            except REFUSALS:
                continue  # such as an exception whose arguments cannot travel
            serializer.decode_value(again)


def seeds() -> Iterator[tuple[Any, bytes]]:
    """Values, and their bytes in each serializer."""
    import random

    rng = random.Random(1)
    for _ in range(30):
        for serializer in serializers():
            value = values.value(rng)
            yield value, serializer.encode_value(value)
            yield value, serializer.encode_call("fuzzed", "echo", (value,), {})
    for serializer in serializers():
        yield None, serializer.encode_value(ValueError("text", 5))


def run(rng: Any, count: int) -> int:
    """Check so many changed payloads; gives how many."""
    known = [data for _, data in seeds()]
    for _ in range(count):
        check(mutations.mutated(rng, rng.choice(known), known))
    return count


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments ask for; gives the exit code."""
    return coverage.main(arguments, check, ())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
