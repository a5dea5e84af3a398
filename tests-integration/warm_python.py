"""Runs programs quickly: each in a process of its own, forked from one that has imported much already."""

import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import processes


class WarmPython:
    """A Python that forks for each program that it runs.

    Args:
        process: It, started with this file as its program.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, program: Path) -> None:
        """Run a program to its end.

        Raises:
            AssertionError: If it fails, or takes too long; with what it has printed.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(program, file=self._process.stdin, flush=True)
        status, printed = json.loads(self._process.stdout.readline())
        assert status == 0, f"it ended with {status}:\n{printed}"


@contextmanager
def warm_python() -> Iterator[WarmPython]:
    """One that is ended on the way out."""
    with processes.running([sys.executable, __file__]) as process:
        yield WarmPython(process)


def main() -> None:
    """Serve: a path of a program a line, and for each a line with its exit status and what it printed."""
    for name in (
        "asyncio",
        "logging",
        "pyro_client.async_proxy",
        "pyro_nameserver",
        "pyro_server.async_daemon",
    ):
        importlib.import_module(name)
    for line in iter(sys.stdin.readline, ""):
        with tempfile.TemporaryFile() as printed:
            child = os.fork()
            if not child:
                os.dup2(printed.fileno(), 1)
                os.dup2(printed.fileno(), 2)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                signal.alarm(int(processes.PATIENCE_S))
                program = Path(line.rstrip("\n"))
                os.chdir(program.parent)
                sys.argv = [str(program)]
                runpy.run_path(str(program), run_name="__main__")
                return
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            printed.seek(0)
            print(json.dumps([status, printed.read().decode("utf8", "replace")]), flush=True)


if __name__ == "__main__":
    main()
