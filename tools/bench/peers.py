"""Who takes part, and how each is started."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "tests-integration"))

import stock_env  # noqa: E402 - found through the path set above

GRACE_S = 10.0
OURS = "ours, msgpack"
OURS_SERPENT = "ours, serpent"
OURS_DEFAULT = "ours, as installed"
OURS_ASYNC = "ours on asyncio, msgpack"
OURS_UNIX = "ours, Unix socket, msgpack"
FLOOR = "F2 raw sockets, msgpack"
PYRO5 = "Pyro5, msgpack"
PYRO5_DEFAULT = "Pyro5, serpent (its default)"
CLASSIC = ("serpent", "json", "marshal", "msgpack", "pickle")
"""The serializers of Pyro4 that need nothing else."""


def stock_python() -> str:
    """The interpreter that has the stock systems."""
    return str(stock_env.stock_python())


@dataclass(frozen=True)
class Peer:
    """One contestant.

    Attributes:
        label: Name in the tables.
        python: Interpreter of its environment.
        script: Which of the scripts beside this file.
        serializer: Serializer for both of its sides; empty for what it takes by itself.
        unix: Whether it is given a Unix socket.
    """

    label: str
    python: str
    script: str
    serializer: str = "msgpack"
    unix: bool = False


def contestants(others: bool) -> list[Peer]:
    """Everybody, the floor first.

    Args:
        others: Other systems than Pyro, too.
    """
    stock = stock_python()
    peers = [
        Peer(FLOOR, sys.executable, "peer_floor.py"),
        Peer(OURS, sys.executable, "peer_ours.py"),
        Peer(OURS_SERPENT, sys.executable, "peer_ours.py", "serpent"),
        Peer(OURS_DEFAULT, sys.executable, "peer_ours.py", ""),
        Peer(OURS_UNIX, sys.executable, "peer_ours.py", unix=True),
        Peer(OURS_ASYNC, sys.executable, "peer_ours_async.py"),
        Peer(PYRO5, stock, "peer_pyro5.py"),
        Peer(PYRO5_DEFAULT, stock, "peer_pyro5.py", "serpent"),
        Peer("Pyro4, msgpack", stock, "peer_pyro4.py"),
    ]
    if others:
        rivals = str(stock_env.python_of("rivals"))
        peers += [Peer("RPyC", rivals, "peer_rpyc.py"), Peer("gRPC, msgpack", rivals, "peer_grpc.py")]
    return peers


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


class Pair:
    """A peer's server and client, each a process.

    Args:
        peer: The contestant.
        cores: The processor cores that they may use.
        folder: For its socket, if it takes one in a folder.
    """

    def __init__(self, peer: Peer, cores: set[int], folder: Path) -> None:
        self.peer = peer
        place = [str(folder / "service.sock")] if peer.unix else []
        self._server = self._start(["server", *place], cores)
        address = self._line(self._server).split(" ", 1)[1].strip()
        self._client = self._start(["client", address], cores)

    def seconds(self, workload: str, count: int) -> float | None:
        """Seconds that a workload takes, for each of ``count``; None if the peer has no such thing."""
        assert self._client.stdin is not None
        self._client.stdin.write(f"{workload} {count}\n")
        self._client.stdin.flush()
        line = self._line(self._client).strip()
        return None if line == "cannot" else float(line) / count

    def server_bytes(self) -> int:
        """Memory that the server has for itself."""
        return int(psutil.Process(self._server.pid).memory_full_info().uss)

    def close(self) -> None:
        """End both processes."""
        for process in (self._client, self._server):
            process.terminate()
        for process in (self._client, self._server):
            process.communicate(timeout=GRACE_S)

    def _start(self, arguments: Sequence[str], cores: set[int]) -> subprocess.Popen[str]:
        environment = dict(os.environ)
        environment.pop("PYRO_SERIALIZER", None)
        if self.peer.serializer:
            environment["PYRO_SERIALIZER"] = self.peer.serializer
        process = subprocess.Popen(
            [self.peer.python, str(HERE / self.peer.script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, cores)
        return process

    def _line(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.peer.label}: a process ended with code {process.wait(GRACE_S)}")
        return line
