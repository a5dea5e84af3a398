"""HTTP requests a second through our gateway and through Pyro5's, in one run; 64 clients at a time.

Each gateway has a name server and a daemon of its own kind behind it, all of them processes, on all cores.
The clients are coroutines of one more process; they keep connections where the gateway does. Turns are taken
(A B C A B C ...); figures are medians.

Usage: python tools/bench/http_gateways.py [--clients 64] [--seconds 3] [--turns 3] [--json FILE]
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from peers import stock_python

HERE = Path(__file__).parent
NAME = "http.bench"
GOAL = 5.0
"""How many times as many requests a second ours is to answer."""
_CLASSIC = f"GET /pyro/{NAME}/add?a=1&b=2 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
_BODY = b'{"kwargs": {"a": 1, "b": 2}}'
_JSON = (
    f"POST /objects/{NAME}/methods/add HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(_BODY)}\r\n\r\n"
).encode() + _BODY


class Contestant(NamedTuple):
    """A gateway, and how it is asked.

    Attributes:
        label: Its name in the table.
        python: Interpreter of its environment.
        kind: ``ours`` or ``pyro5``, for the script that serves.
        request: What each client sends again and again.
        answer: What the body of each answer is.
    """

    label: str
    python: str
    kind: str
    request: bytes
    answer: bytes


def contestants() -> list[Contestant]:
    """Everybody, ours first."""
    return [
        Contestant("ours, typed JSON", sys.executable, "ours", _JSON, b'{"result":3}'),
        Contestant("ours, classic form", sys.executable, "ours", _CLASSIC, b'"12"'),
        Contestant("Pyro5's gateway", stock_python(), "pyro5", _CLASSIC, b'"12"'),
    ]


@contextmanager
def serving(contestant: Contestant) -> Iterator[int]:
    """Run a name server, a daemon and a gateway; yields the gateway's port."""
    script = HERE / f"peer_http_{contestant.kind}.py"
    process = subprocess.Popen(
        [contestant.python, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        line = process.stdout.readline()
        if not line.startswith("ready "):
            raise SystemExit(f"{contestant.label}: the servers ended before they answered: {line}")
        yield int(line.split()[1])
    finally:
        process.stdin.close()
        process.wait(20)


async def client(port: int, contestant: Contestant, until: float) -> int:
    """Ask until the time is up; gives how many answers came."""
    count = 0
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None
    while time.perf_counter() < until:
        if reader is None or writer is None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(contestant.request)
        head = await reader.readuntil(b"\r\n\r\n")
        version, status = head.split(b" ", 2)[:2]
        size = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        body = await reader.readexactly(size)
        if status != b"200" or body != contestant.answer:
            raise SystemExit(f"{contestant.label}: wrong answer {head!r} {body!r}")
        count += 1
        if version == b"HTTP/1.0":
            writer.close()
            reader = writer = None
    if writer is not None:
        writer.close()
    return count


async def load(port: int, contestant: Contestant, clients: int, seconds: float) -> float:
    """Requests a second."""
    began = time.perf_counter()
    counts = await asyncio.gather(*(client(port, contestant, began + seconds) for _ in range(clients)))
    return sum(counts) / (time.perf_counter() - began)


def main() -> int:
    """Run the benchmark; the exit status is 1 if the goal is missed."""
    parser = argparse.ArgumentParser(prog="http_gateways", description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    options = parser.parse_args()
    rates: dict[str, list[float]] = {}
    with ExitStack() as stack:
        ports = {}
        for one in contestants():
            ports[one.label] = stack.enter_context(serving(one))
            asyncio.run(load(ports[one.label], one, options.clients, options.seconds / 4))  # warm-up
        for _ in range(options.turns):
            for one in contestants():
                rate = asyncio.run(load(ports[one.label], one, options.clients, options.seconds))
                rates.setdefault(one.label, []).append(rate)
    medians = {label: statistics.median(found) for label, found in rates.items()}
    *_, stock = medians.values()
    print(f"{options.clients} HTTP clients at a time, {options.turns} turns of {options.seconds:g} s")
    for label, rate in medians.items():
        print(f"{label:24} {rate:9.0f} requests/s {rate / stock:7.1f} x")
    reached = min(rate for label, rate in medians.items() if label.startswith("ours")) / stock
    print(f"goal: {GOAL:g} x Pyro5's gateway: {'met' if reached >= GOAL else 'missed'}")
    if options.json:
        options.json.write_text(json.dumps(medians, indent=2) + "\n", encoding="utf8")
    return 0 if reached >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
