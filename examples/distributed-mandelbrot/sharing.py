"""Shares the rows of a picture among all servers that there are."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait

from fractal import View

from pyro_client import Proxy, batch, locate_ns

TAG = "example.mandelbrot"
ROWS_AT_A_TIME = 3
"""Rows in one batch: enough for one message to be worth it, few enough for servers to end together."""


def find_servers() -> dict[str, Proxy]:
    """All servers that are registered now: name -> proxy.

    Raises:
        SystemExit: If there is none.
    """
    with locate_ns() as ns:
        found = ns.list(metadata_all=[TAG])
    if not found:
        raise SystemExit("no server is registered; start some: python server.py 1")
    return {name: Proxy(uri) for name, uri in sorted(found.items())}


def rows_as_they_come(view: View, servers: dict[str, Proxy]) -> Iterator[tuple[int, list[int], str]]:
    """Have a picture calculated.

    Every server gets its next batch when it has done the one before, so that fast ones do more.

    Args:
        view: The picture.
        servers: Name -> proxy.

    Yields:
        Number of a row, its points, and the server that calculated it, in any order.
    """
    waiting = deque(
        range(first, min(first + ROWS_AT_A_TIME, view.rows)) for first in range(0, view.rows, ROWS_AT_A_TIME)
    )
    under_way: dict[Future[Iterator[list[int]]], tuple[range, str]] = {}

    def give(name: str) -> None:
        if waiting:
            rows = waiting.popleft()
            together = batch(servers[name])
            for row in rows:
                together.row(*view.left_and_imaginary(row), view.columns)
            under_way[together.submit()] = (rows, name)

    for name in servers:
        give(name)
    while under_way:
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in done:
            rows, name = under_way.pop(future)
            give(name)  # first, so that it has something to do
            for row, points in zip(rows, future.result(), strict=True):
                yield row, points, name
