"""The user's end of a remote interactive console."""

import code
import sys
from collections.abc import Callable

FAREWELL = "(Remote session ended)"


class _Terminal(code.InteractiveConsole):
    """Reads lines from the keyboard, and lets another process execute them."""

    def __init__(self, send: Callable[[str], tuple[str, bool]]) -> None:
        super().__init__(filename="<remote console>")
        self._send = send

    def push(self, line: str, *_: object, **__: object) -> bool:
        output, more = self._send(line)
        if output:
            sys.stdout.write(output)
            sys.stdout.flush()
        return more


def interact(send: Callable[[str], tuple[str, bool]], banner: str) -> None:
    """Talk to a remote console until the end of the input, or of the session.

    Args:
        send: Executes a line; gives what it printed, and whether more lines are needed.
        banner: What to show first.
    """
    try:
        _Terminal(send).interact(banner, exitmsg="")
    except EOFError:
        pass  # the other side ended it
    print(FAREWELL)
