"""One running program: what it prints, and what is typed into it."""

import os
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

    Args:
        command: What to run.
        folder: Where to.
        variables: Its environment.
    """

    def __init__(self, command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> None:
        self.name = " ".join(command[1:])
        self.output = ""
        self._seen = 0
        self._over = False
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
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
        with self._changed:
            self._changed.wait_for(lambda: self._over or text in self.output[self._seen :], limit_s)
            found = self.output.find(text, self._seen)
            if found < 0:
                state = "ended without" if self._over else f"spent {limit_s:.0f} s without"
                raise SceneError(f"{self.name}: expected {text!r}, but it {state} printing that")
            self._seen = found + len(text)

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
        self._reader.join(ENDING_S)
        if got != status:
            raise SceneError(f"{self.name}: it ended with status {got}, expected {status}")

    def interrupt(self) -> None:
        """Press Ctrl-C and wait until it ends.

        Raises:
            SceneError: If it does not.
        """
        for _ in range(PRESSES):  # once is not enough if it comes just before the program waits for input
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(1)
            except subprocess.TimeoutExpired:
                continue
            self._reader.join(ENDING_S)
            return
        raise SceneError(f"{self.name}: it did not end within {PRESSES} s of Ctrl-C")

    def kill(self) -> None:
        """End it, whatever it is doing."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._reader.join(ENDING_S)
        self._process.stdin.close()
        self._process.stdout.close()
