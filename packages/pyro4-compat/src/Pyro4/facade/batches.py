"""Several calls in one message."""

from collections.abc import Iterator
from copy import copy
from typing import Any

from Pyro4.errors import PyroError
from Pyro4.futures import FutureResult, _ExceptionWrapper, in_background

Call = tuple[str, tuple[Any, ...], dict[str, Any]]


class _BatchedRemoteMethod:
    """Takes down a call instead of making it."""

    __module__ = "Pyro4.core"

    def __init__(self, calls: list[Call], name: str) -> None:
        self._calls = calls
        self._name = name

    def __getattr__(self, name: str) -> "_BatchedRemoteMethod":
        return _BatchedRemoteMethod(self._calls, f"{self._name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        self._calls.append((self._name, args, kwargs))


class _BatchProxyAdapter:
    """Gathers calls of one object; called itself, it sends them.

    Args:
        proxy: The proxy of the object.
    """

    __module__ = "Pyro4.core"

    def __init__(self, proxy: Any) -> None:
        self._proxy = proxy
        self._calls: list[Call] = []

    def __getattr__(self, name: str) -> _BatchedRemoteMethod:
        return _BatchedRemoteMethod(self._calls, name)

    def __enter__(self) -> "_BatchProxyAdapter":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __copy__(self) -> "_BatchProxyAdapter":
        twin = type(self)(copy(self._proxy))
        twin._calls = list(self._calls)
        return twin

    def __call__(self, oneway: bool = False, asynchronous: bool = False) -> Any:
        """Send the calls.

        Args:
            oneway: Do not wait for results.
            asynchronous: Send them in another thread.

        Returns:
            An iterator of the results; None for ``oneway``; a future of the iterator for ``asynchronous``.

        Raises:
            PyroError: If both are asked for.
        """
        if oneway and asynchronous:
            raise PyroError("asynchronous oneway calls make no sense")
        calls, self._calls = self._calls, []
        if asynchronous:
            return self._in_background(calls)
        results = self._proxy._pyroInvokeBatch(calls, oneway)
        return None if oneway else _results(results)

    def _in_background(self, calls: list[Call]) -> FutureResult:
        def send() -> Iterator[Any]:
            with copy(self._proxy) as twin:
                return _results(twin._pyroInvokeBatch(calls))

        return in_background(send)

    def _pyroRelease(self) -> None:
        release = getattr(self._proxy, "_pyroRelease", None)
        if release is not None:
            release()


def _results(results: Any) -> Iterator[Any]:
    for result in results:
        if isinstance(result, _ExceptionWrapper):
            result.raiseIt()
        yield result
