"""What is measured, the same for every peer. Runs in the environment of each, and imports nothing of any."""

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

TEXT = "abcdefghij" * 10
FIELDS = {f"field_{number:02}": f"value {number} of a record" for number in range(30)}
"""About 1 KB in 30 fields."""
RECORDS = [
    {"id": number, "name": f"item {number}", "price": number * 1.5, "tags": ["a", "b"]}
    for number in range(1000)
]
"""1,000 small dicts."""
BULK = bytes(range(256)) * (50 << 12)
"""50 MiB."""
BATCH = 500
"""Calls of one batch."""
IN_FLIGHT = 64
"""Calls under way at once on one connection."""
THREADS = 16
"""Of the client, each with a connection of its own."""
SLEEPERS = 100
"""Clients that call at the same time."""
NAPS = 5
"""Calls of each of them."""
NAP_S = 0.01
"""How long each of these takes."""


class Service:
    """The remote object, with the methods that the workloads call."""

    def __init__(self) -> None:
        self._noted = 0
        self._lock = threading.Lock()

    def add(self, a: int, b: int) -> int:
        """The smallest useful call."""
        return a + b

    def echo(self, value: Any) -> Any:
        """The same value back."""
        return value

    def upload(self, data: Any) -> int:
        """Takes binary data; gives its size."""
        return len(data)

    def note(self) -> None:
        """Nobody waits for this."""
        with self._lock:
            self._noted += 1

    def noted(self) -> int:
        """How often ``note`` was called."""
        return self._noted

    def nap(self, seconds: float) -> None:
        """Takes so long."""
        time.sleep(seconds)

    def items(self, number: int) -> Iterator[int]:
        """A stream of small items."""
        yield from range(number)


class Client:
    """The client's side of a peer.

    What a peer cannot do it leaves out: such a method raises NotImplementedError.

    Args:
        service: Stands for the remote object.
    """

    def __init__(self, service: Any) -> None:
        self.service = service
        self.idle = ExitStack()

    def connect(self) -> AbstractContextManager[Any]:
        """Another connection; gives what stands for the remote object there."""
        raise NotImplementedError

    def claim(self, service: Any) -> None:
        """Use a connection in the running thread from now on."""

    def batch(self, count: int) -> int:
        """That many calls of ``add(2, 3)`` in one message; gives the sum of their results."""
        raise NotImplementedError

    def notes(self, count: int) -> None:
        """That many one-way calls of ``note``."""
        raise NotImplementedError

    def in_flight(self, count: int) -> None:
        """That many calls of ``add``, always ``IN_FLIGHT`` of them under way, on one connection."""
        raise NotImplementedError

    # ---- workloads: each does its thing ``count`` times

    def w1a(self, count: int) -> None:
        """The smallest call."""
        expect(self.service.add(2, 3), 5)
        for _ in range(count):
            self.service.add(2, 3)

    def w1b(self, count: int) -> None:
        """Echo of a text."""
        expect(self.service.echo(TEXT), TEXT)
        for _ in range(count):
            self.service.echo(TEXT)

    def w2a(self, count: int) -> None:
        """Echo of 30 fields."""
        expect(self.service.echo(FIELDS), FIELDS)
        for _ in range(count):
            self.service.echo(FIELDS)

    def w2b(self, count: int) -> None:
        """Echo of 1,000 small dicts."""
        for _ in range(count):
            expect(len(self.service.echo(RECORDS)), len(RECORDS))

    def w3(self, count: int) -> None:
        """Calls in batches."""
        for _ in range(0, count, BATCH):
            expect(self.batch(BATCH), 5 * BATCH)

    def w4(self, count: int) -> None:
        """One-way calls, until all of them were executed."""
        before = self.service.noted()
        self.notes(count)
        while self.service.noted() != before + count:
            time.sleep(0.0005)

    def w5(self, count: int) -> None:
        """Connect, call and close."""
        for _ in range(count):
            with self.connect() as service:
                expect(service.add(2, 3), 5)

    def w6a(self, count: int) -> None:
        """Echo of binary data."""
        for _ in range(count):
            expect(len(self.service.echo(BULK)), len(BULK))

    def w6b(self, count: int) -> None:
        """Upload of binary data."""
        for _ in range(count):
            expect(self.service.upload(BULK), len(BULK))

    def w7a(self, count: int) -> None:
        """Calls of several threads, each on its own connection."""
        self._crowd(THREADS, lambda service: [service.add(2, 3) for _ in range(count // THREADS)])

    def w7c(self, count: int) -> None:
        """Clients whose calls take a moment, all at once."""
        for _ in range(count):
            self._crowd(SLEEPERS, lambda service: [service.nap(NAP_S) for _ in range(NAPS)])

    def w8(self, count: int) -> None:
        """Items of a stream."""
        expect(sum(1 for _ in self.service.items(count)), count)

    def w9(self, count: int) -> None:
        """Connections that are opened, used once, and stay."""
        for _ in range(count):
            self.idle.enter_context(self.connect()).add(2, 3)

    def w12(self, count: int) -> None:
        """Calls under way at the same time."""
        self.in_flight(count)

    def _crowd(self, size: int, work: Callable[[Any], object]) -> None:
        with ExitStack() as stack:
            services = [stack.enter_context(self.connect()) for _ in range(size)]
            for service in services:
                service.add(2, 3)

            def run(service: Any) -> None:
                self.claim(service)
                work(service)

            threads = [threading.Thread(target=run, args=(service,)) for service in services]
            self.began = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.ended = time.perf_counter()
            for service in services:
                self.claim(service)


def expect(found: object, wanted: object) -> None:
    """End the benchmark if a peer gives wrong answers."""
    if found != wanted:
        raise SystemExit(f"wrong answer: {found!r:.100} instead of {wanted!r:.100}")


def obey(client: Any, lines: Iterable[str] = sys.stdin) -> None:
    """For each line ``workload count``, do that, and print the seconds it took; or why it cannot be done."""
    for line in lines:
        workload, count = line.split()
        client.began = client.ended = 0.0  # set by workloads that do other things before and after
        began = time.perf_counter()
        try:
            getattr(client, workload.lower())(int(count))
        except NotImplementedError:
            print("cannot", flush=True)
        else:
            took_s = client.ended - client.began if client.ended else time.perf_counter() - began
            print(took_s, flush=True)


def ready(address: object) -> None:
    """Server side: tell the driver where to connect to."""
    print(f"ready {address}", flush=True)
