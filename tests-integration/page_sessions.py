"""Plays a page of the documentation from its first line to its last, in one folder.

What its blocks mean, in the order of the page:

* `````python shop.py````` (any language, and the name of a file) is a file; a later one replaces it. With a
  folder in front, as in ``examples/...``, it is a part of a file of this repository.
* `````console````` is a session: what follows ``$ `` is run to its end, and prints the lines below it. What
  ``$ export`` sets holds for everything after it.
* `````console shop````` is a terminal of its own, called ``shop``. What is typed there goes on running;
  further blocks of that name show what it prints next. A line ``^C`` interrupts it.

Output is compared as by doctest with ELLIPSIS and NORMALIZE_WHITESPACE. The name server of a page is the one
that a terminal starts; it listens on a free port, which everything after it is told.
"""

import doctest
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import processes

LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_BLOCK = re.compile(r"^```(\w+)(?: +(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ADDRESS = re.compile(r"PYRO:([\w.]+)@(\w+):(\d+)")


class Block(NamedTuple):
    """One fenced block: its language, what stands behind that, and its text."""

    language: str
    name: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """All fenced blocks of a page, in order."""
    yield from (Block(*found) for found in _BLOCK.findall(page.read_text(encoding="utf8")))


class Session:
    """A folder, terminals that go on running, and what a page does with them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._terminals: dict[str, subprocess.Popen[str]] = {}
        self._printed: dict[str, str] = {}
        self._ports: dict[str, str] = {}
        self._checker = doctest.OutputChecker()
        commands = folder / "bin"
        commands.mkdir()
        for name, command in (("pyro-cli", [sys.executable, "-m", "pyro_cli"]), ("python", [sys.executable])):
            path = commands / name
            path.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf8")
            path.chmod(0o755)
        self._env = {
            "PATH": os.pathsep.join([str(commands), os.environ["PATH"]]),
            "PYRO_NS_PORT": "0",
            "PYRO_NS_BROADCAST": "0",
            "PYROCLI_HOME": str(folder / "home"),
        }

    def play(self, block: Block) -> None:
        """Do what a block says, and check what it shows."""
        if block.language != "console":
            if "." in block.name and "/" not in block.name:
                (self._folder / block.name).write_text(block.text, encoding="utf8")
        elif block.name:
            self._watch(block.name, block.text)
        else:
            for typed, wanted in _typed(block.text):
                if typed.startswith("export "):
                    self._env.update(word.split("=", 1) for word in shlex.split(typed)[1:])
                    continue
                done = processes.run(self._shell(typed), env=self._env, check=False)
                self._check(typed, wanted, done.stdout + done.stderr)

    def _watch(self, name: str, text: str) -> None:
        if text.startswith("$ "):
            ((typed, text),) = _typed(text)
            command = self._shell(f"exec {typed} 2>&1")
            self._terminals[name] = self._stack.enter_context(processes.running(command, env=self._env))
        terminal = self._terminals[name]
        shown, interrupted, rest = text.partition("^C\n")
        assert terminal.stdout is not None
        for line in shown.splitlines():
            self._check(name, line, self._read(terminal))
        if interrupted:
            terminal.send_signal(signal.SIGINT)
            assert terminal.wait(processes.PATIENCE_S) in (0, 130, -signal.SIGINT)
            self._check(name, rest, terminal.stdout.read() if rest else "")

    def _read(self, terminal: subprocess.Popen[str]) -> str:
        assert terminal.stdout is not None
        line = terminal.stdout.readline()
        if found := _ADDRESS.search(line):
            self._printed[found[1]] = found[3]
            if found[1] == "Pyro.NameServer":
                self._env["PYRO_NS_HOST"], self._env["PYRO_NS_PORT"] = found[2], found[3]
        return line

    def _check(self, typed: str, wanted: str, shown: str) -> None:
        good = self._checker.check_output(wanted.strip() + "\n", shown.strip() + "\n", LOOSE)
        assert good, f"{typed}\n--- the page says\n{wanted}\n--- what was printed\n{shown}"

    def _shell(self, typed: str) -> list[str]:
        typed = _ADDRESS.sub(self._with_port, typed)
        return ["bash", "-c", f"cd {shlex.quote(str(self._folder))} && {typed}"]

    def _with_port(self, address: re.Match[str]) -> str:
        object_id, host, port = address.groups()
        if object_id in self._printed:
            self._ports[port] = self._printed[object_id]
        return f"PYRO:{object_id}@{host}:{self._ports.get(port, port)}"


def _typed(text: str) -> list[tuple[str, str]]:
    """What is typed and what is printed, one after the other."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [(typed, printed) for typed, _, printed in (part.partition("\n") for part in parts)]


def play(page: Path, folder: Path) -> None:
    """Play a page from its first block to its last, and end everything that it has started.

    Raises:
        AssertionError: If something prints anything else than the page says.
    """
    with ExitStack() as stack:
        session = Session(folder, stack)
        for block in blocks(page):
            session.play(block)
