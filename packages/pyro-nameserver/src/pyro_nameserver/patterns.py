"""Regular expressions of strangers, matched against names without letting them stop the name server.

A pattern that provably needs few steps is matched right here. Any other runs in a process of its own that
is ended when its time is up, so that the answer is always either right or an error. See
docs/decisions/0005-regex-of-strangers.md.
"""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from threading import BoundedSemaphore
from typing import Final

from pyro_core.errors import NamingError
from pyro_core.pattern_cost import count_ways

_HARMLESS_WAYS: Final = 100_000
"""Patterns with at most so many ways are matched in this process: some milliseconds for the worst name."""
_PROCESSES: Final = 2
"""Processes that match at the same time; further queries wait for one of them."""
_STARTUP_S: Final = 5.0
"""Longest time for a process to start, before its matching time begins."""
_ALARM: Final = int(getattr(signal, "SIGALRM", 0))
"""Signal that ends the process when its time is up."""
_MATCHER: Final = Path(__file__).with_name("pattern_process.py")


class PatternSearch:
    """Finds the names that match a pattern, in bounded time.

    Args:
        max_pattern_chars: Longest pattern.
        match_s: Longest time that one search may match, in seconds.
        clock: Gives monotonic seconds.
    """

    def __init__(
        self,
        *,
        max_pattern_chars: int = 200,
        match_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_pattern_chars = max_pattern_chars
        self._match_s = match_s
        self._clock = clock
        self._free = BoundedSemaphore(_PROCESSES)

    def matching(self, pattern: str, names: Collection[str]) -> list[str]:
        """Those of the names whose beginning matches, as ``re.match`` decides.

        Args:
            pattern: A regular expression; write ``$`` at its end to match whole names.
            names: A snapshot, so that nobody waits for the search to end.

        Raises:
            NamingError: If the pattern is none, is too long, or takes too long.
        """
        if len(pattern) > self._max_pattern_chars:
            raise NamingError(
                f"invalid regex: {len(pattern)} characters, at most {self._max_pattern_chars} are allowed; "
                "use a shorter one, or a prefix"
            )
        try:
            compiled = re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as problem:
            raise NamingError(f"invalid regex: {problem}") from problem
        if count_ways(pattern, max(map(len, names), default=0)) <= _HARMLESS_WAYS:
            return self._match_here(compiled, names)
        return self._match_elsewhere(pattern, list(names))

    def _match_here(self, compiled: re.Pattern[str], names: Iterable[str]) -> list[str]:
        """Each name takes little time; what is left to limit is their number."""
        deadline = self._clock() + self._match_s
        found = []
        for name in names:
            if compiled.match(name):
                found.append(name)
            if self._clock() > deadline:
                raise self._too_slow(compiled.pattern)
        return found

    def _match_elsewhere(self, pattern: str, names: list[str]) -> list[str]:
        if not self._free.acquire(timeout=self._match_s):
            raise NamingError("too many costly regex searches are running; try again later, or use a prefix")
        try:
            return self._run_process(pattern, names)
        finally:
            self._free.release()

    def _run_process(self, pattern: str, names: list[str]) -> list[str]:
        question = json.dumps({"pattern": pattern, "names": names, "match_s": self._match_s})
        try:
            process = subprocess.run(
                [sys.executable or "python3", "-I", "-S", str(_MATCHER)],
                input=question.encode("ascii"),
                capture_output=True,
                timeout=_STARTUP_S + self._match_s,
                check=False,
            )
        except subprocess.TimeoutExpired as problem:
            raise self._too_slow(pattern) from problem
        except OSError as problem:
            raise self._no_process(pattern, str(problem)) from problem
        if process.returncode == 0:
            return [names[position] for position in json.loads(process.stdout)]
        if process.returncode == -_ALARM:
            raise self._too_slow(pattern)
        last_words = process.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise self._no_process(pattern, last_words or f"it ended with {process.returncode}")

    def _too_slow(self, pattern: str) -> NamingError:
        return NamingError(
            f"invalid regex: {pattern!r} takes longer than {self._match_s} s to match the registered names; "
            "avoid repeats inside repeats, or use a prefix"
        )

    @staticmethod
    def _no_process(pattern: str, problem: str) -> NamingError:
        return NamingError(
            f"invalid regex: {pattern!r} needs a process of its own to be matched safely, which failed "
            f"({problem}); avoid repeats inside repeats, or use a prefix"
        )
