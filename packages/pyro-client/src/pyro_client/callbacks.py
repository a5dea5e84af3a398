"""Callbacks of futures: in which thread they are called."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any, Final

from pyro_client.pool import POOL

_THREAD: Final = threading.local()


@contextlib.contextmanager
def delivering() -> Iterator[None]:
    """While inside, callbacks of the futures that this thread ends are called in another one.

    For a thread that others wait for: a callback may wait itself.
    """
    _THREAD.delivers = True
    try:
        yield
    finally:
        _THREAD.delivers = False


def call_back(function: Callable[[Future[Any]], object], done: Future[Any]) -> None:
    """Call a function with a future that is done."""
    if getattr(_THREAD, "delivers", False):
        POOL.run(partial(_aside, function, done), accepted=True)
    else:
        function(done)


def _aside(function: Callable[[Future[Any]], object], done: Future[Any]) -> None:
    try:
        function(done)
    except Exception:
        logging.getLogger("pyro_client.futures").exception("a callback of %r failed", done)
