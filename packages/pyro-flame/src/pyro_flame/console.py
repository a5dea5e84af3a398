"""The server's end of a remote interactive console."""

import code
import platform
import rlcompleter
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn

from pyro_core.expose import expose
from pyro_flame.modules import run_source
from pyro_flame.noted import note_use
from pyro_flame.running import Output, Runner

FILENAME: Final = "<remote console>"
_MOST_COMPLETIONS: Final = 500


@expose
class Console:
    """Executes what is typed at the other end, and gives back what it prints.

    Everything runs in one thread of its own, one thing after the other.

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
        self._filename = filename
        # The usual ones would close this process's standard input.
        self._names = {"__name__": "__console__", "__doc__": None, "exit": _leave, "quit": _leave}
        self._interpreter = code.InteractiveConsole(self._names, filename)
        self._runner = Runner(self._names)

    def banner(self) -> str:
        """What to show at the beginning."""
        return f"Python {sys.version} on {sys.platform}\n(Remote console on {self._place or platform.node()})"

    def run(self, line: str) -> Output:
        """Execute a line.

        Args:
            line: The line, without its end.

        Returns:
            What it prints, as it comes, and at last whether more lines are needed before it can run.

        Raises:
            EOFError: If it ended the session.
            PyroError: If something runs already.
        """
        note_use("console", line)
        return self._runner.run(lambda: self._push(line))

    def execute(self, source: str) -> Output:
        """Execute statements. Gives what they print, as it comes; what they raise ends that.

        Raises:
            PyroError: If something runs already.
        """
        note_use("console", source)
        return self._runner.run(lambda: run_source(source, self._filename, self._names))

    def push(self, line: str) -> tuple[str, bool]:
        """Execute a line; gives what it printed, and whether more are needed. Raises as ``run`` does."""
        *printed, more = self.run(line)
        return "".join(printed), more

    def interrupt(self) -> bool:
        """Interrupt what runs as Ctrl-C does; tells whether something ran."""
        return self._runner.interrupt()

    def reset(self) -> None:
        """Forget the lines of an unfinished statement."""
        self._interpreter.resetbuffer()

    def complete(self, text: str) -> list[str]:
        """The names that begin like this."""
        completer = rlcompleter.Completer(self._names)
        found: list[str] = []
        while text.strip() and len(found) < _MOST_COMPLETIONS:
            one = completer.complete(text, len(found))
            if one is None:
                break
            found.append(one)
        return found

    def close(self) -> None:
        """End the session. What runs is interrupted."""
        self._runner.interrupt()
        self._end()

    def _end(self) -> None:
        self._runner.end()
        if self._on_close is not None:
            self._on_close(self)

    def _push(self, line: str) -> bool:
        try:
            return self._interpreter.push(line)
        except KeyboardInterrupt:
            self._interpreter.resetbuffer()
            print("KeyboardInterrupt", file=sys.stderr)
            return False
        except SystemExit:
            self._end()
            raise EOFError("the console session has ended") from None


def _leave(*_: Any) -> NoReturn:
    """End the session."""
    raise SystemExit
