"""The user's end of a remote interactive console."""

import code
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

FAREWELL: Final = "(Remote session ended)"
_LEAVE_AT: Final = 3
"""So many times Ctrl-C while nothing stops, and the user gets away."""


class Abandoned(Exception):
    """The user does not wait any longer for what runs over there."""


class _Terminal(code.InteractiveConsole):
    """Reads lines from the keyboard, and lets another process execute them."""

    def __init__(self, send: Callable[[str], tuple[str, bool]], reset: Callable[[], object]) -> None:
        self._send = send
        self._reset: Callable[[], object] | None = None
        super().__init__(filename="<remote console>")  # which resets its own, empty buffer
        self._reset = reset

    def push(self, line: str, *_: object, **__: object) -> bool:
        output, more = self._send(line)
        print_now(output)
        return more

    def resetbuffer(self) -> None:
        """Ctrl-C while typing."""
        self.buffer = []
        if self._reset is not None:
            self._reset()


def print_now(text: str) -> None:
    """Print a text as it is, without waiting for the end of the line."""
    sys.stdout.write(text)
    sys.stdout.flush()


def interact(
    send: Callable[[str], tuple[str, bool]],
    banner: str,
    *,
    reset: Callable[[], object] = lambda: None,
    complete: Callable[[str], list[str]] | None = None,
) -> None:
    """Talk to a remote console until the end of the input, or of the session.

    Args:
        send: Executes a line; gives what it printed, and whether more lines are needed.
        banner: What to show first.
        reset: Forgets the lines of an unfinished statement.
        complete: Gives the remote names that begin like a text, for the tab key.

    Raises:
        Abandoned: If the user went away from something that does not stop.
    """
    try:
        with _completing(complete):
            _Terminal(send, reset).interact(banner, exitmsg="")
    except EOFError:
        pass  # the other side ended it
    finally:
        print(FAREWELL)


@contextmanager
def interrupting(interrupt: Callable[[], object]) -> Iterator[None]:
    """Let Ctrl-C interrupt the other process instead of this one, inside of the block.

    Args:
        interrupt: Does that; it is called in another thread.

    Raises:
        Abandoned: If the user pressed it again and again, and nothing stopped.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed = 0

    def on_press(*_: object) -> None:
        nonlocal pressed
        pressed += 1
        if pressed >= _LEAVE_AT:
            raise Abandoned
        if pressed > 1:
            print("(it has not stopped yet; Ctrl-C once more leaves it)", file=sys.stderr)
        threading.Thread(target=interrupt, name="pyro-flame interrupt", daemon=True).start()

    before = signal.signal(signal.SIGINT, on_press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _completing(complete: Callable[[str], list[str]] | None) -> Iterator[None]:
    """The tab key completes remote names, where Python has readline."""
    try:
        import readline
    except ImportError:
        yield
        return
    before = readline.get_completer()
    if complete is not None and sys.stdin.isatty():
        readline.set_completer(_Completer(complete).complete)
        editline = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if editline else "tab: complete")
    try:
        yield
    finally:
        readline.set_completer(before)


class _Completer:
    def __init__(self, find: Callable[[str], list[str]]) -> None:
        self._find = find
        self._found: list[Any] = []

    def complete(self, text: str, state: int) -> str | None:
        """The completion number ``state`` of a text; at the beginning of a line, an indentation."""
        if not state:
            self._found = self._find(text) if text.strip() else ["    "]
        return self._found[state] if state < len(self._found) else None
