"""Progress bars for work that takes long: on a terminal only, and never among a command's output."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TypeVar

import click

Item = TypeVar("Item")


def progress(items: Iterable[Item], label: str, length: int | None = None) -> Iterator[Item]:
    """The same items, with a bar on standard error that shows how far their reader is.

    Args:
        items: What is worked through.
        label: What is being done.
        length: How many items there are; None if they have a length themselves, or nobody knows.
    """
    if not sys.stderr.isatty():
        yield from items
    elif find_spec("rich") is not None:
        from rich.console import Console
        from rich.progress import track

        yield from track(items, label, total=length, console=Console(stderr=True), transient=True)
    else:
        with click.progressbar(items, length, label, file=sys.stderr) as bar:
            yield from bar


@contextmanager
def progress_of_bytes(label: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error for something that is transferred.

    Args:
        label: What is being done.

    Yields:
        To be called with the bytes done and the bytes in all.
    """
    if not sys.stderr.isatty():
        yield lambda done, total: None
    elif find_spec("rich") is not None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(label, total=None)
            yield lambda done, total: bars.update(task, completed=done, total=total)
    else:
        with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

            def tell(done: int, total: int) -> None:
                bar.length = total
                bar.update(done - bar.pos)

            yield tell
