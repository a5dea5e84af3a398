"""One server under siege, seen from a client that behaves well."""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import psutil

from pyro_client import Proxy
from pyro_core import plugins
from pyro_core.settings import ClientSettings, Timeouts

KNOWN = plugins.transports().names()
TRANSPORTS = [name for name in ("threaded", "multiplex", "asyncio", "prefork") if name in KNOWN]
"""What is besieged."""
HERE = Path(__file__).parent
PATIENCE_S = 30.0
SERVERS_CORE: Final = 0
"""Of a server apart from its crowds, and of the client that looks at it."""
CROWDS_CORE: Final = 1
MIB = 1 << 20


@contextmanager
def on_core(wanted: int | None) -> Iterator[None]:
    """This thread, and what it starts meanwhile, runs on one core only; on any with None."""
    if wanted is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[wanted % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@contextmanager
def program(
    script: str, *words: str, errors: IO[Any] | None = None, core: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A program of this folder that ends when its input closes; its errors go where they are told to go."""
    command = [sys.executable, str(HERE / script), *words]
    with on_core(core):
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        yield process
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def first_line(process: subprocess.Popen[str]) -> list[str]:
    """The words of what a program prints when it is ready.

    Raises:
        RuntimeError: If it ended instead.
    """
    assert process.stdout is not None
    line = process.stdout.readline().split()
    if line[:1] != ["ready"]:
        raise RuntimeError(
            f"{process.args!r} ended with {process.wait(PATIENCE_S)} instead of saying 'ready'"
        )
    return line[1:]


class NoRoomError(Exception):
    """This machine does not allow what is needed."""


class Fortress:
    """A server in a process of its own.

    Attributes:
        uri: Address of its object.
        encrypted: The same over TLS, if it has a certificate.
        process: Its process.
        apart: Whether crowds have a core of their own. On a core of the client's they take time from the
            client, too, which crowds on other machines cannot.
    """

    def __init__(self, started: subprocess.Popen[str], *, apart: bool = False) -> None:
        self.apart = apart
        self.uri, self.encrypted = first_line(started)
        self.started = started
        self.process = psutil.Process(started.pid)

    def kill(self) -> None:
        """End it, and its processes, without a warning."""
        for process in [self.process, *self.process.children(recursive=True)]:
            process.kill()
        self.started.wait(PATIENCE_S)

    def await_naps(self, count: int) -> None:
        """Wait until so many calls of ``nap`` have begun."""
        assert self.started.stdout is not None
        for _ in range(count):
            if self.started.stdout.readline() != "nap\n":
                raise RuntimeError("the server ended before a call of nap() began")

    def memory_mib(self) -> float:
        """Resident memory of it and its processes."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(process.memory_info().rss for process in family) / MIB

    @contextmanager
    def besieged(self, sizes: Mapping[str, int]) -> Iterator[None]:
        """With a crowd in front of it: kinds, and how many of each."""
        kinds = [f"{kind}={count}" for kind, count in sizes.items()]
        core = CROWDS_CORE if self.apart else None
        with program("crowds.py", self.uri, self.encrypted, *kinds, core=core) as crowd:
            first_line(crowd)
            yield

    def client(self) -> Any:
        """A client that behaves well."""
        return Proxy(
            self.uri, settings=ClientSettings(serializer="json", timeouts=Timeouts(call_s=PATIENCE_S))
        )


@contextmanager
def fortress(
    servertype: str, *options: str, errors: IO[Any] | None = None, apart: bool = False
) -> Iterator[Fortress]:
    """A server that runs; ``apart`` from its crowds, on another core than theirs."""
    core = SERVERS_CORE if apart else None
    with program("target.py", servertype, *options, errors=errors, core=core) as started:
        yield Fortress(started, apart=apart)


def call_for(client: Any, seconds: float, fewest: int = 50) -> list[float]:
    """Call again and again; gives how long each call took, in seconds.

    Raises:
        PyroError: If one fails.
    """
    taken: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until or len(taken) < fewest:
        begun = time.perf_counter()
        answer = client.add(len(taken), 1)
        taken.append(time.perf_counter() - begun)
        if answer != len(taken):
            raise AssertionError(f"{len(taken) - 1} + 1 was answered with {answer!r}")
    return taken


def at(share: float, times: Sequence[float]) -> float:
    """The time that this share of the calls did not exceed."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


@dataclass(frozen=True)
class Siege:
    """What a client and the server noticed of one crowd. Times in seconds, memory in MiB.

    Attributes:
        quiet: How long calls took before and afterwards.
        under: How long they took while the crowd was there.
        before: The server's memory before.
        most: Its largest memory that was seen meanwhile.
    """

    quiet: Sequence[float]
    under: Sequence[float]
    before: float
    most: float

    @property
    def ratio(self) -> float:
        """The 95th percentile under siege, in quiet medians."""
        return at(0.95, self.under) / statistics.median(self.quiet)


def siege(place: Fortress, sizes: Mapping[str, int], seconds: float) -> Siege:
    """Besiege a server for some time, with one client that calls and one that comes anew each time.

    Raises:
        PyroError: If a call of a well-behaved client fails.
    """
    with on_core(SERVERS_CORE if place.apart else None), place.client() as client:
        call_for(client, 0.2)
        quiet = call_for(client, seconds)
        before = most = place.memory_mib()
        under: list[float] = []
        with place.besieged(sizes):
            for _ in range(5):
                under += call_for(client, seconds / 5, fewest=20)
                most = max(most, place.memory_mib())
                with place.client() as newcomer:
                    newcomer.add(1, 1)
        quiet += call_for(client, seconds)
    return Siege(quiet, under, before, most)


@contextmanager
def room_for(descriptors: int) -> Iterator[None]:
    """So many descriptors for this process and those that it starts.

    Raises:
        NoRoomError: If that is not allowed.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < descriptors:
        raise NoRoomError(f"{descriptors} descriptors are needed, and {hard} are allowed")
    with ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, descriptors), hard))
        yield
