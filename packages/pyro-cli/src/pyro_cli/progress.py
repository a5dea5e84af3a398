"""Progress bars for work that takes long: on a terminal only, and never among a command's output."""

import sys
from collections.abc import Iterable, Iterator
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
