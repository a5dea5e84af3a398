"""Item streams as Pyro4's clients see them."""

from typing import Any, Self

from Pyro4.errors import ConnectionClosedError
from Pyro4.facade.failures import classic
from pyro_core import errors as native


class _StreamResultIterator:
    """Iterates over what a remote iterator gives; each item is one call.

    Args:
        items: The native iterator.
        proxy: What it came through; it must be connected when items are asked for.
    """

    __module__ = "Pyro4.core"

    def __init__(self, items: Any, proxy: Any) -> None:
        self._items = items
        self._proxy = proxy

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        if self._proxy._pyroConnection is None:
            raise ConnectionClosedError("the proxy for this stream result is closed")
        try:
            with self._proxy._pyro_accompanied():
                return next(self._items)
        except native.PyroError as error:
            raise classic(error) from error.__cause__

    def close(self) -> None:
        """Tell the server that no more items are wanted."""
        try:
            self._items.close()
        except native.PyroError as error:
            raise classic(error) from error.__cause__
