"""What is called, the same for every peer. Imports nothing of any peer: it runs in each one's environment."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

FIELDS = {f"field_{number:02}": f"value {number} of a record" for number in range(30)}
"""About 1 KB in 30 fields."""
RECORDS = [
    {"id": number, "name": f"item {number}", "price": number * 1.5, "tags": ["a", "b"]}
    for number in range(1000)
]
"""1,000 small dicts."""
ITEMS = 1000
"""Items of one stream."""


class Service:
    """The remote object, with the methods that the workloads call."""

    def add(self, a: int, b: int) -> int:
        """W1: the smallest useful call."""
        return a + b

    def echo(self, value: Any) -> Any:
        """W2: the same value back."""
        return value

    def items(self, number: int) -> Iterator[int]:
        """W6: a stream of small items."""
        yield from range(number)


def calls(service: Any) -> dict[str, Callable[[], object]]:
    """One call of each workload.

    Args:
        service: A proxy, or whatever a peer has in its place.
    """
    return {
        "W1": lambda: service.add(2, 3),
        "W2a": lambda: service.echo(FIELDS),
        "W2b": lambda: service.echo(RECORDS),
        "W6": lambda: sum(1 for _ in service.items(ITEMS)),
    }


def obey(service: Any, lines: Iterable[str] = sys.stdin) -> None:
    """Client side: for each line ``workload count``, make that many calls and print the seconds they took."""
    obey_calls(calls(service), {"W1": 5, "W2a": FIELDS, "W2b": RECORDS, "W6": ITEMS}, lines)


def obey_calls(
    table: dict[str, Callable[[], object]], expected: dict[str, object], lines: Iterable[str] = sys.stdin
) -> None:
    """The same for other workloads: what to call, and what that must give."""
    for line in lines:
        workload, count = line.split()
        call = table[workload]
        if call() != expected[workload]:
            raise SystemExit(f"{workload} gave a wrong answer: {call()!r}")
        repeat = range(int(count))
        began = time.perf_counter()
        for _ in repeat:
            call()
        print(time.perf_counter() - began, flush=True)


def ready(address: object) -> None:
    """Server side: tell the driver where to connect to."""
    print(f"ready {address}", flush=True)
