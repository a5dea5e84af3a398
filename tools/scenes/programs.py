"""One running program: what it prints, and what is typed into it."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

ENDING_S = 10.0
PRESSES = 10


class SceneError(Exception):
    """Something did not go as the scene says."""


class Program:
    """A program with its output, which may be looked at while it runs.

    It leads a process group, so that what it starts itself ends with it.

    Args:
        name: What to call it.
        command: What to run.
        folder: Where to.
        variables: Its environment.
    """

    def __init__(self, name: str, command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> None:
        self.name = name
        self.output = ""
        self._seen = 0
        self._over = False
        self._gone = False
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            process_group=0,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        # Not by line: a prompt has no end of line.
        while chunk := os.read(self._process.stdout.fileno(), 65536):
            self._add(chunk.decode("utf8", errors="replace"))
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _add(self, text: str) -> None:
        with self._changed:
            self.output += text
            self._changed.notify_all()

    def see(self, text: str, limit_s: float) -> None:
        """Wait until it prints a text, after what was seen before.

        Raises:
            SceneError: If it does not within the limit, or ends before.
        """
        self.match(re.compile(re.escape(text)), text, limit_s)

    def match(self, pattern: re.Pattern[str], called: str, limit_s: float) -> re.Match[str]:
        """Wait until it prints what a pattern tells; ``called`` names that in an error.

        Raises:
            SceneError: If it does not within the limit, or ends before.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._over or pattern.search(self.output, self._seen), limit_s)
            found = pattern.search(self.output, self._seen)
            if found is None:
                state = "ended without" if self._over else f"spent {limit_s:.0f} s without"
                raise SceneError(f"{self.name}: expected {called!r}, but it {state} printing that")
            self._seen = found.end()
            return found

    def all(self, pattern: re.Pattern[str], half: re.Pattern[str], limit_s: float) -> list[str]:
        """Everything so far that a pattern tells; waits while ``half`` says that the last is still coming."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or not half.search(self.output), limit_s)
            return pattern.findall(self.output)

    def type(self, line: str) -> None:
        """Type a line."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n".encode())
        except BrokenPipeError as error:
            raise SceneError(f"{self.name}: it ended before {line!r} could be typed") from error

    def close_input(self) -> None:
        """There is nothing more to type."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def ends(self, status: int, limit_s: float) -> None:
        """Wait until it ends by itself.

        Raises:
            SceneError: If it does not, or with another exit status.
        """
        try:
            got = self._process.wait(limit_s)
        except subprocess.TimeoutExpired as error:
            raise SceneError(f"{self.name}: it did not end within {limit_s:.0f} s") from error
        self._clear_away()
        if got != status:
            raise SceneError(f"{self.name}: it ended with status {got}, expected {status}")

    def interrupt(self) -> None:
        """Press Ctrl-C and wait until it ends.

        Raises:
            SceneError: If it does not.
        """
        for _ in range(PRESSES):  # once is not enough if it comes just before the program waits for input
            self._send(signal.SIGINT)
            try:
                self._process.wait(1)
            except subprocess.TimeoutExpired:
                continue
            self._clear_away()
            return
        raise SceneError(f"{self.name}: it did not end within {PRESSES} s of Ctrl-C")

    def kill(self) -> None:
        """End it, and what it started, whatever they are doing."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._send(signal.SIGKILL)
        self._process.wait()
        self._clear_away()
        self._process.stdin.close()
        self._process.stdout.close()

    def _clear_away(self) -> None:
        """End what it started, too, and wait for the last of the output."""
        self._send(signal.SIGKILL)
        self._gone = True  # from now on its number may be that of somebody else
        self._reader.join(ENDING_S)

    def _send(self, number: int) -> None:
        if self._gone:
            return
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass  # all of them have ended
