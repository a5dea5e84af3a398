"""What the methods of a remote object are at the proxy."""

from collections.abc import Callable
from copy import copy
from typing import Any

from Pyro4.futures import FutureResult, in_background


class _RemoteMethod:
    """Calls a method of the remote object; its attributes are names with dots.

    Args:
        send: Makes the call: name, arguments, keyword arguments.
        name: Name of the method.
        max_retries: How often to repeat it when the connection fails.
    """

    __module__ = "Pyro4.core"

    def __init__(self, send: Callable[..., Any], name: str, max_retries: int) -> None:
        self._send = send
        self._name = name
        self._max_retries = max_retries

    def __getattr__(self, name: str) -> "_RemoteMethod":
        return _RemoteMethod(self._send, f"{self._name}.{name}", self._max_retries)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._send(self._name, args, kwargs)


class _AsyncRemoteMethod:
    """Calls a method of the remote object in a thread, over a connection of its own.

    Args:
        proxy: Is copied for the call.
        name: Name of the method.
        max_retries: How often to repeat it when the connection fails.
    """

    __module__ = "Pyro4.core"

    def __init__(self, proxy: Any, name: str, max_retries: int) -> None:
        self._proxy = proxy
        self._name = name
        self._max_retries = max_retries

    def __getattr__(self, name: str) -> "_AsyncRemoteMethod":
        return _AsyncRemoteMethod(self._proxy, f"{self._name}.{name}", self._max_retries)

    def __call__(self, *args: Any, **kwargs: Any) -> FutureResult:
        return in_background(lambda: self._call(args, kwargs))

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with copy(self._proxy) as twin:
            twin._pyroMaxRetries = self._max_retries
            if hasattr(twin, "_pyroAsync"):
                twin._pyroAsync(False)
            return twin._pyroInvoke(self._name, args, kwargs)
