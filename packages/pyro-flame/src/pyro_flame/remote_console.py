"""The client's end of a remote interactive console."""

from collections.abc import Callable, Iterator
from typing import Any, Self

from pyro_flame.terminal import Abandoned, interact, interrupting, print_now


class RemoteConsole:
    """An interactive console in another process.

    Args:
        proxy: Proxy of its console object.
    """

    def __init__(self, proxy: Any) -> None:
        self._proxy = proxy
        self._ended = False

    def interact(self) -> None:
        """Let the user type, until Ctrl-D or ``exit()``. Ctrl-C interrupts what runs over there."""
        try:
            interact(self._run, self._proxy.banner(), reset=self._proxy.reset, complete=self._proxy.complete)
        except Abandoned:
            self._ended = True
            self._proxy._pyro.release()  # whatever it waited for

    def push(self, line: str) -> tuple[str, bool]:
        """Execute a line; gives what it printed, and whether more lines are needed before it can run.

        Raises:
            EOFError: If it ended the session.
        """
        printed: list[str] = []
        more = self._take(self._proxy.run(line), printed.append)
        return "".join(printed), more

    def execute(self, source: str, write: Callable[[str], object] = print_now) -> None:
        """Execute statements. Ctrl-C interrupts them.

        Args:
            source: The statements. What they raise is raised here, too.
            write: Gets what they print, as it comes.
        """
        with interrupting(self.interrupt):
            self._take(self._proxy.execute(source), write)

    def interrupt(self) -> bool:
        """Interrupt what runs; tells whether something ran. Another thread may call it."""
        return bool(self._proxy.interrupt())

    def complete(self, text: str) -> list[str]:
        """The names over there that begin like this."""
        return list(self._proxy.complete(text))

    def close(self) -> None:
        """End the session."""
        if not self._ended:
            self._ended = True
            self._proxy.close()
        self._proxy._pyro.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, line: str) -> tuple[str, bool]:
        with interrupting(self.interrupt):
            return "", self._take(self._proxy.run(line), print_now)

    def _take(self, items: Iterator[Any], write: Callable[[str], object]) -> bool:
        more = False
        try:
            for item in items:
                if isinstance(item, str):
                    write(item)
                else:
                    more = bool(item)
        except EOFError:
            self._ended = True
            raise
        return more
