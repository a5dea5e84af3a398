"""The server's end of a remote interactive console."""

import code
import io
import platform
import sys
import threading
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, Final, NoReturn

from pyro_core.expose import expose
from pyro_flame.noted import note_use

FILENAME: Final = "<remote console>"
_printing: Final = threading.Lock()
"""Held while a line runs: what is printed in the meantime can only go to one place."""


@expose
class Console:
    """Executes what is typed at the other end, and gives back what it prints.

    Args:
        place: Where it is, for the banner.
        on_close: Called when it is closed, with the console.
        filename: What tracebacks call the typed lines.
    """

    def __init__(
        self, place: str = "", on_close: Callable[[Any], object] | None = None, *, filename: str = FILENAME
    ) -> None:
        self._place = place
        self._on_close = on_close
        # The usual ones would close this process's standard input.
        names = {"__name__": "__console__", "__doc__": None, "exit": _end, "quit": _end}
        self._interpreter = code.InteractiveConsole(names, filename)

    def banner(self) -> str:
        """What to show at the beginning."""
        return f"Python {sys.version} on {sys.platform}\n(Remote console on {self._place or platform.node()})"

    def push(self, line: str) -> tuple[str, bool]:
        """Execute a line.

        Args:
            line: The line, without its end.

        Returns:
            What it printed, and whether more lines are needed before it can run.

        Raises:
            EOFError: If it ended the session.
        """
        note_use("console", line)
        printed = io.StringIO()
        with _printing, redirect_stdout(printed), redirect_stderr(printed):
            try:
                more = self._interpreter.push(line)
            except SystemExit:
                ended = True
            else:
                ended = False
        if ended:
            self.close()
            raise EOFError("the console session has ended")
        return printed.getvalue(), more

    def close(self) -> None:
        """End the session."""
        self._interpreter.resetbuffer()
        if self._on_close is not None:
            self._on_close(self)


def _end(*_: Any) -> NoReturn:
    """End the session."""
    raise SystemExit
