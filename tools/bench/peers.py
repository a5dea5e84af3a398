"""Who takes part, and how each is started."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from pyro_core.testing.certificates import Authority

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "tests-integration"))

import stock_env  # noqa: E402 - found through the path set above

GRACE_S = 10.0
LIMIT_S = 300.0
"""Longest time that one turn may take."""
OURS = "ours, msgpack"
OURS_SERPENT = "ours, serpent"
OURS_DEFAULT = "ours, as installed"
OURS_ASYNC = "ours on asyncio, msgpack"
OURS_UNIX = "ours, Unix socket, msgpack"
FLOOR = "F2 raw sockets, msgpack"
RPYC = "RPyC"
GRPC = "gRPC, msgpack"
GRPC_ASYNC = "gRPC on asyncio, msgpack"
PYRO4 = "Pyro4, msgpack"
PYRO5 = "Pyro5, msgpack"
PYRO5_DEFAULT = "Pyro5, serpent (its default)"
CARE = ("no limits", "deadline", "tls", "tls and deadline")
"""Ways to run a call: without limits, with a deadline, encrypted."""
CLASSIC = ("serpent", "json", "marshal", "msgpack", "pickle")
"""The serializers of Pyro4 that need nothing else."""


def stock_python() -> str:
    """The interpreter that has the stock systems."""
    return str(stock_env.stock_python())


def rivals_python() -> str:
    """The interpreter that has the other systems."""
    return str(stock_env.python_of("rivals"))


@dataclass(frozen=True)
class Peer:
    """One contestant.

    Attributes:
        label: Name in the tables.
        python: Interpreter of its environment.
        script: Which of the scripts beside this file.
        serializer: Serializer for both of its sides; empty for what it takes by itself.
        arguments: What else its server is told.
        quick: Whether it is also in a quick run.
    """

    label: str
    python: str
    script: str
    serializer: str = "msgpack"
    arguments: tuple[str, ...] = ()
    quick: bool = True


def contestants(others: bool, quick: bool) -> list[Peer]:
    """Everybody, the floor first.

    Args:
        others: Other systems than Pyro, too, and Pyro4 also in a quick run.
        quick: Only those that goals are about.
    """
    stock = stock_python()
    peers = [
        Peer(FLOOR, sys.executable, "peer_floor.py"),
        Peer(OURS, sys.executable, "peer_ours.py"),
        Peer(OURS_SERPENT, sys.executable, "peer_ours.py", "serpent"),
        Peer(OURS_DEFAULT, sys.executable, "peer_ours.py", ""),
        Peer(OURS_UNIX, sys.executable, "peer_ours.py", arguments=("unix",), quick=False),
        Peer(OURS_ASYNC, sys.executable, "peer_ours_async.py"),
        Peer(PYRO5, stock, "peer_pyro5.py"),
        Peer(PYRO5_DEFAULT, stock, "peer_pyro5.py", "serpent"),
        Peer(PYRO4, stock, "peer_pyro4.py", quick=others),
    ]
    if others:
        rivals = rivals_python()
        peers += [
            Peer(RPYC, rivals, "peer_rpyc.py"),
            Peer(GRPC, rivals, "peer_grpc.py"),
            Peer(GRPC_ASYNC, rivals, "peer_grpc_async.py"),
        ]
    return [peer for peer in peers if peer.quick or not quick]


def careful() -> list[Peer]:
    """With what makes calls safe, and without; the floors first."""
    mine = [Peer(f"{OURS}, {word}", sys.executable, "peer_ours.py", arguments=(word,)) for word in CARE]
    return [
        Peer(FLOOR, sys.executable, "peer_floor.py"),
        Peer(f"{FLOOR}, tls", sys.executable, "peer_floor.py", arguments=("tls",)),
        Peer(OURS, sys.executable, "peer_ours.py"),
        *mine,
    ]


def replacements() -> list[Peer]:
    """A program for Pyro4 with the facade and with stock, for each serializer; the floor first."""
    stock = stock_python()
    pairs = [
        [
            Peer(f"ours, {name}", sys.executable, "peer_pyro4.py", name),
            Peer(f"Pyro4, {name}", stock, "peer_pyro4.py", name),
        ]
        for name in CLASSIC
    ]
    return [Peer(FLOOR, sys.executable, "peer_floor.py"), *(peer for pair in pairs for peer in pair)]


def name_servers(folder: Path, make_file: Callable[[str], None]) -> list[Peer]:
    """Name servers over each storage that stock has, too.

    Args:
        folder: For their files.
        make_file: Makes a file with the names.
    """
    found = []
    for storage in ("memory", "sqlite"):
        for label, python in (("ours", sys.executable), ("Pyro5", stock_python())):
            where = storage
            if storage != "memory":
                make_file(str(folder / label))
                where = f"{storage}:{folder / label}"
            found.append(
                Peer(f"{label}, {storage}", python, f"peer_names_{label.lower()}.py", "serpent", (where,))
            )
    return found


@dataclass(frozen=True)
class Cost:
    """What one unit of a workload takes.

    Attributes:
        seconds: Time that passes.
        client_cpu_s: Seconds of processor time in the client.
        server_cpu_s: Seconds of processor time in the server.
    """

    seconds: float
    client_cpu_s: float
    server_cpu_s: float

    def of(self, units: float) -> "Cost":
        """The share of one of so many units."""
        return replace(
            self,
            seconds=self.seconds / units,
            client_cpu_s=self.client_cpu_s / units,
            server_cpu_s=self.server_cpu_s / units,
        )


class Pair:
    """A peer's server and client, each a process.

    Args:
        peer: The contestant.
        cores: The processor cores that they may use.
        folder: For its socket, if it takes one in a folder.
        under: Commands that the server and the client are to run under, such as a profiler.
    """

    def __init__(
        self,
        peer: Peer,
        cores: set[int],
        folder: Path,
        under: tuple[Sequence[str], Sequence[str]] = ((), ()),
    ) -> None:
        self.peer = peer
        words = [str(folder / "service.sock") if word == "unix" else word for word in peer.arguments]
        self._folder = folder
        if any("tls" in word for word in words):
            Authority(folder, "authority").issue("server")
        self._server = self._start(under[0], ["server", *words], cores)
        address = self._line(self._server).split(" ", 1)[1].strip()
        self._client = self._start(under[1], ["client", address, *words], cores)

    @property
    def processes(self) -> tuple[subprocess.Popen[str], subprocess.Popen[str]]:
        """The server's and the client's."""
        return self._server, self._client

    def cost(self, workload: str, count: int) -> Cost | None:
        """What a workload takes that is done ``count`` times; None if the peer has no such thing."""
        assert self._client.stdin is not None
        client, server = _cpu_s(self._client.pid), _cpu_s(self._server.pid)
        self._client.stdin.write(f"{workload} {count}\n")
        self._client.stdin.flush()
        line = self._line(self._client).strip()
        if line == "cannot":
            return None
        return Cost(float(line), _cpu_s(self._client.pid) - client, _cpu_s(self._server.pid) - server)

    def server_bytes(self) -> int:
        """Memory that the server has for itself."""
        return int(psutil.Process(self._server.pid).memory_full_info().uss)

    def server_threads(self) -> int:
        """Threads of the server."""
        return int(psutil.Process(self._server.pid).num_threads())

    def close(self) -> None:
        """End both processes, the client first."""
        for process in (self._client, self._server):
            process.terminate()
            process.communicate(timeout=GRACE_S)

    def _start(
        self, under: Sequence[str], arguments: Sequence[str], cores: set[int]
    ) -> subprocess.Popen[str]:
        environment = dict(os.environ)
        environment.pop("PYRO_SERIALIZER", None)
        if self.peer.python != sys.executable:
            environment.pop("PYTHONPATH", None)  # our packages, for those who do not install them
        if self.peer.serializer:
            environment["PYRO_SERIALIZER"] = self.peer.serializer
        process = subprocess.Popen(
            [*under, self.peer.python, str(HERE / self.peer.script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=self._folder,
        )
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, cores)
        return process

    def _line(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        guard = threading.Timer(LIMIT_S, process.kill)
        guard.start()
        while (line := process.stdout.readline()).startswith(("py-spy>", "\n")):
            pass  # a profiler has something to say, too
        guard.cancel()
        if not line:
            raise SystemExit(f"{self.peer.label}: a process ended with code {process.wait(GRACE_S)}")
        return line


def _cpu_s(pid: int) -> float:
    """Processor time of another process and all its threads, in seconds."""
    if sys.platform == "linux":
        return time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid() of the C library gives
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
