"""What is shown while scenes are played: a line for each that is over; on a terminal also those going on."""

import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from scenes.playing import FAILED, NOT_RUN, PASSED, Result

CLEAR_LINE = "\r\x1b[K"
COLOURS = {PASSED: "\x1b[32m", FAILED: "\x1b[31m", NOT_RUN: "\x1b[33m"}
PLAIN = "\x1b[0m"


class Display:
    """Shows how far it is.

    Args:
        total: How many scenes there are.
        stream: Where to.
    """

    def __init__(self, total: int, stream: TextIO = sys.stdout) -> None:
        self._total = total
        self._stream = stream
        self._live = stream.isatty()
        self._width = max((shutil.get_terminal_size().columns, 40)) if self._live else 0
        self._outcomes: Counter[str] = Counter()

    def finished(self, result: Result) -> None:
        """Show a line for a scene, and what its programs printed if it failed."""
        self._outcomes[result.outcome] += 1
        self.clear()
        number = f"{self._outcomes.total():3}/{self._total}"
        print(number, self._line(result, 40), file=self._stream, flush=True)
        if result.outcome == FAILED:
            print(result.transcript, file=self._stream, flush=True)

    def waiting(self, running: Sequence[tuple[str, float]]) -> None:
        """Show what is going on, on a terminal."""
        if self._live:
            names = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in running)
            told = f"{self._outcomes.total()} of {self._total} are over; now: {names}"
            print(f"{CLEAR_LINE}{told[: self._width - 1]}", end="", file=self._stream, flush=True)

    def clear(self) -> None:
        """Take away what is going on."""
        if self._live:
            print(CLEAR_LINE, end="", file=self._stream)

    def summary(self, results: Sequence[Result]) -> None:
        """Show the table of all results, and how many there are of each kind."""
        self.clear()
        width = max((len(result.scene) for result in results), default=0)
        print(f"\n{'scene':{width}}  outcome   seconds  reason", file=self._stream)
        for result in sorted(results, key=lambda result: result.scene):
            print(self._line(result, width), file=self._stream)
        told = [f"{self._outcomes[kind]} {kind}" for kind in (PASSED, FAILED, NOT_RUN)]
        print(f"\n{', '.join(told)}", file=self._stream, flush=True)

    def _line(self, result: Result, width: int) -> str:
        outcome = f"{result.outcome:8}"
        if self._live:
            outcome = f"{COLOURS[result.outcome]}{outcome}{PLAIN}"
        return f"{result.scene:{width}}  {outcome}  {result.seconds:7.1f}  {result.reason}".rstrip()
