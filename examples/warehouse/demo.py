"""The main job from end to end: a name server, a server and clients, each in its own process.

Starts a name server that keeps its names in a sqlite file, a warehouse that registers there, and visitors
that find it by name. Shows a remote exception with its remote traceback and calls that fail clearly, then
ends everything it started. Everything stays on this machine.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from pyro_client import Proxy
from pyro_core.errors import CommunicationError, PyroError

HERE = Path(__file__).parent
GRACE_S = 10.0
"""How long a process may take to end after it was asked to."""


class Process:
    """A program in another process whose lines appear here with its name in front.

    Args:
        label: Name to show.
        command: Program and arguments.
        environment: Variables on top of those of this process.
    """

    def __init__(self, label: str, command: list[str], environment: dict[str, str]) -> None:
        self.label = label
        self._popen = subprocess.Popen(
            [sys.executable, *command],
            env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_for(self, word: str) -> str:
        """Show lines until one contains ``word``; gives that line.

        Raises:
            RuntimeError: If the program ends before that.
        """
        for line in self._lines():
            if word in line:
                return line
        raise RuntimeError(f"the {self.label} ended with code {self._popen.wait()} before it was ready")

    def run_to_end(self) -> int:
        """Show all lines until the program ends; gives its exit code."""
        for _ in self._lines():
            pass
        return self._popen.wait(GRACE_S)

    def stop(self) -> int:
        """Ask the program to end, show its last lines, and give its exit code."""
        if self._popen.poll() is None:
            self._popen.terminate()
        assert self._popen.stdout is not None
        if not self._popen.stdout.closed:
            try:
                output, _ = self._popen.communicate(timeout=GRACE_S)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                output, _ = self._popen.communicate()
            for line in output.splitlines():
                self._show(line)
        return self._popen.returncode

    def _lines(self) -> Iterator[str]:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            self._show(line.rstrip("\n"))
            yield line.rstrip("\n")

    def _show(self, line: str) -> None:
        print(f"{self.label:>12} | {line}", flush=True)


def headline(text: str) -> None:
    """Announce the next scene."""
    print(f"\n--- {text}", flush=True)


def start_name_server(storage: Path) -> tuple[Process, dict[str, str]]:
    """Start a name server on a free port; gives it and the variables that let others find it."""
    command = ["-m", "pyro_cli", "ns", "serve", "--port", "0", "--nobc", "--storage", f"sqlite:{storage}"]
    server = Process("name server", command, {})
    location = server.wait_for("PYRO:Pyro.NameServer@").rpartition("@")[2]
    host, _, port = location.rpartition(":")
    return server, {"PYRO_NS_HOST": host, "PYRO_NS_PORT": port}


def show_clear_failures(environment: dict[str, str]) -> None:
    """Calls that cannot work, and what they say."""
    os.environ.update(environment)
    with Proxy("PYRONAME:example.warehouse") as warehouse:
        for attempt in (lambda: warehouse.teleport("couch"), lambda: warehouse.take("Mallory")):
            try:
                attempt()
            except (AttributeError, TypeError) as problem:
                print(f"{type(problem).__name__}: {problem}")
    try:
        Proxy("PYRONAME:example.wharehouse")._pyro.bind()
    except PyroError as problem:
        print(f"{type(problem).__name__}: {problem}")


def show_server_gone(uri: str) -> None:
    """A call to a server that is not there any more."""
    try:
        Proxy(uri).contents()
    except CommunicationError as problem:
        print(f"{type(problem).__name__}: {problem}")


def main() -> int:
    """Run the whole story; gives the exit code of the demo."""
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        headline("a name server, keeping its names in a sqlite file")
        name_server, environment = start_name_server(folder / "names.sqlite")
        stack.enter_context(name_server)

        headline("a warehouse, in a process of its own")
        warehouse = stack.enter_context(Process("warehouse", [str(HERE / "warehouse.py")], environment))
        uri = warehouse.wait_for("PYRO:").rpartition("=")[2].strip()
        warehouse.wait_for("running")

        headline("what is registered, asked on the command line")
        codes = [Process("pyro-cli", ["-m", "pyro_cli", "ns", "list"], environment).run_to_end()]

        headline("visitors, one process each")
        for visitor, brings, takes in (("Janet", "piano", "bike"), ("Henry", "hat", "piano")):
            command = [str(HERE / "visit.py"), visitor, brings, takes]
            codes.append(Process(visitor, command, environment).run_to_end())

        headline(
            "Zoe wants something that is not there: a remote exception, with the traceback of both sides"
        )
        codes.append(
            Process("Zoe", [str(HERE / "visit.py"), "Zoe", "cat", "unicorn"], environment).run_to_end()
        )

        headline("calls that cannot work say why")
        show_clear_failures(environment)

        headline("the warehouse closes; a call to it fails clearly")
        codes.append(warehouse.stop())
        show_server_gone(uri)

        headline("the name server closes")
        codes.append(name_server.stop())
    if any(codes):
        print(f"\nSomething failed: the processes ended with {codes}", flush=True)
        return 1
    print(f"\nDone in {time.monotonic() - began:.1f} s; every process has ended.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
