"""The processes of a soak: servers whose vital signs are looked at, clients, and the name server."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
PATIENCE_S = 30.0
MIB = 1 << 20


class Program:
    """One process that ends when its input closes.

    Args:
        command: What to run.
        log: Where its errors go.

    Attributes:
        process: The process.
        watched: The same, for its memory and the like.
    """

    def __init__(self, command: Sequence[str], log: Path) -> None:
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.log = log
        self.watched = psutil.Process(self.process.pid)

    def line(self) -> str:
        """The next line that it prints.

        Raises:
            RuntimeError: If it ended instead.
        """
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(PATIENCE_S)
            said = self.log.read_text(encoding="utf8", errors="replace")[-2000:]
            raise RuntimeError(f"{self.process.args!r} ended with {self.process.returncode}: {said}")
        return line.strip()

    def close_input(self) -> None:
        """Ask it to end."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def end(self) -> int:
        """Have it end, one way or another; gives its exit status."""
        self.close_input()
        try:
            status = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def body(self) -> dict[str, float]:
        """Memory in MiB, threads and descriptors."""
        with self.watched.oneshot():
            return {
                "MiB": self.watched.memory_info().rss / MIB,
                "threads": self.watched.num_threads(),
                "descriptors": self.watched.num_fds(),
            }


class Server(Program):
    """A counting server.

    Attributes:
        uri: Its address.
        name: Its name.
        servertype: Its kind.
        port: Its port.
    """

    def __init__(
        self,
        servertype: str,
        name: str,
        ns: str,
        folder: Path,
        certificate: Sequence[str] = (),
        port: int = 0,
    ) -> None:
        self.journal = folder / f"{name}.journal"
        words = [servertype, str(self.journal), str(port), ns, name, *certificate]
        super().__init__([str(HERE / "service.py"), *words], folder / f"{name}.log")
        self.name, self.servertype, self.certificate = name, servertype, certificate
        self.uri = self.line().removeprefix("ready ")
        self.port = int(self.uri.rpartition(":")[2])
        self._asking = threading.Lock()

    def vitals(self) -> dict[str, float]:
        """What must not grow."""
        assert self.process.stdin is not None
        with self._asking:
            self.process.stdin.write("?\n")
            self.process.stdin.flush()
            inside: dict[str, float] = json.loads(self.line())
        return {**self.body(), **inside}


class Client(Program):
    """A client of one server.

    Attributes:
        who: Its name.
        acknowledged: Where it writes down what was acknowledged.
        server: Name of its server.
    """

    def __init__(
        self, kind: str, server: Server, ns: str, who: str, folder: Path, seed: int, authority: str
    ) -> None:
        self.who, self.server = who, server.name
        self.acknowledged = folder / f"{who}.acknowledged"
        words = [kind, server.uri, ns, who, str(self.acknowledged), str(seed)]
        words += [authority] if server.certificate else []
        super().__init__([str(HERE / "client.py"), *words], folder / f"{who}.log")

    def report(self) -> dict[str, Any]:
        """What it says in the end."""
        self.close_input()
        said: dict[str, Any] = json.loads(self.line())
        return said
