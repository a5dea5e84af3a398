"""Lines that were typed at a prompt are remembered, where Python has readline."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pyro_cli.contexts import folder

_MOST_LINES: Final = 2000


@contextmanager
def remembered(name: str) -> Iterator[None]:
    """Know the lines of earlier times inside of the block, and keep those that are typed there.

    Args:
        name: Of the file, in the folder of our other files. Only its owner can read it.
    """
    try:
        import readline
    except ImportError:
        yield
        return
    history = folder() / name
    if history.exists():
        readline.read_history_file(history)
    before = readline.get_current_history_length()
    try:
        yield
    finally:
        if readline.get_current_history_length() > before:
            _make_private(history)
            readline.set_history_length(_MOST_LINES)
            readline.write_history_file(history)


def complete_with(complete: Callable[[str, int], str | None]) -> None:
    """Have the tab key complete names, where Python has readline.

    Args:
        complete: Gives the completion number ... of a text; None if there are no more.
    """
    try:
        import readline
    except ImportError:
        return
    readline.set_completer(complete)
    editline = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if editline else "tab: complete")


def _make_private(path: Path) -> None:
    """Only the user is to see what was typed."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
