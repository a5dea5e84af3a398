"""Ratio of our serpent serializer to the ``serpent`` library, which stock peers use, on typical payloads.

Run ``python packages/pyro-serializers/benchmarks/serpent_fast_path.py``; it takes a few seconds. The two take
turns and the best of several rounds counts, so that a busy machine changes little.
"""

import json
import random
import timeit
from collections.abc import Callable
from typing import Any

import serpent

from pyro_core.convert import ClassRules
from pyro_core.names import PROTOCOL_502
from pyro_serializers.serpent import SerpentSerializer

ROUNDS = 7
SECONDS_PER_ROUND = 0.1


def best_us(work: Callable[[], object], number: int) -> float:
    """Microseconds of one run in one round."""
    return timeit.timeit(work, number=number) / number * 1e6


def compare(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Best times of both in microseconds, measured in turns."""
    number = max(1, int(SECONDS_PER_ROUND / (timeit.timeit(theirs, number=1) + 1e-9)))
    rounds = [(best_us(ours, number), best_us(theirs, number)) for _ in range(ROUNDS)]
    return min(r[0] for r in rounds), min(r[1] for r in rounds)


def library(value: object) -> bytes:
    """The library's bytes, made the way stock peers do."""
    return bytes(serpent.dumps(value, module_in_classname=True))


def main() -> None:
    """Print one line per payload."""
    ours = SerpentSerializer(ClassRules().for_version(PROTOCOL_502))
    rng = random.Random(1)
    payloads: dict[str, Any] = {
        "add(2, 3)": None,
        "1 KB dict of 30 fields": {
            f"field_{i}": f"value number {i} of thirty" if i % 3 else i * 1.5 for i in range(30)
        },
        "1,000 small dicts": [
            {"id": i, "name": f"item {i}", "price": i * 0.25, "tags": ["a", "b"], "ok": True}
            for i in range(1000)
        ],
        "1,000 dicts with quotes": [{"id": i, "text": f"it's {i}\n", "say": '"hi"'} for i in range(1000)],
        "100,000 floats": [rng.random() for _ in range(100_000)],
        "10,000 tuples": [(i, "x", i * 0.5) for i in range(10_000)],
        "200 records with a set": [{"id": i, "tags": {"a", "b"}} for i in range(200)],
        "1 MiB bytes": rng.randbytes(1 << 20),
    }
    for name, value in payloads.items():
        arguments = (2, 3) if value is None else (value,)
        print(json.dumps({"payload": name, **measure(ours, arguments)}), flush=True)


def measure(ours: SerpentSerializer, arguments: tuple[Any, ...]) -> dict[str, float]:
    """Times of a call and a small result, and how many times longer the library takes."""
    call, result = library(("obj", "add", arguments, {})), library(5)
    ours_encode, theirs_encode = compare(
        lambda: (ours.encode_call("obj", "add", arguments, {}), ours.encode_value(5)),
        lambda: (library(("obj", "add", arguments, {})), library(5)),
    )
    ours_decode, theirs_decode = compare(
        lambda: (ours.decode_call(call), ours.decode_value(result)),
        lambda: (serpent.loads(call), serpent.loads(result)),
    )
    both = (theirs_encode + theirs_decode) / (ours_encode + ours_decode)
    return {
        "encode_us": round(ours_encode, 1),
        "decode_us": round(ours_decode, 1),
        "encode_ratio": round(theirs_encode / ours_encode, 1),
        "decode_ratio": round(theirs_decode / ours_decode, 1),
        "both_ratio": round(both, 1),
    }


if __name__ == "__main__":
    main()
