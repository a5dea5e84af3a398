"""What ``proxy.method`` of an ``AsyncProxy`` is."""

import inspect
import sys
from collections.abc import Coroutine
from typing import Any

from pyro_client.async_channel import AsyncChannel
from pyro_client.remote_method import RemoteMember


class AsyncRemoteMethod(RemoteMember):
    """Calls one remote method; to be awaited. ``inspect.iscoroutinefunction`` is true of it.

    Its signature and docstring are known after ``await proxy._pyro.describe()``: merely looking at them
    cannot await anything.

    Args:
        channel: Makes the calls.
        name: Name of the method.
    """

    __slots__ = ("_call",)

    def __init__(self, channel: AsyncChannel, name: str) -> None:
        super().__init__(name, f"AsyncProxy.{name}", channel.profile)
        self._call = channel.call

    def __call__(self, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
        call: Any = self._call(self.__name__, args, kwargs)
        call.__qualname__ = self.__qualname__  # what Python calls it in a warning that it was never awaited
        coroutine: Coroutine[Any, Any, Any] = call
        return coroutine

    if sys.version_info < (3, 12):
        # How `inspect` recognizes coroutine functions there: by the parts that functions have.
        __code__ = AsyncChannel.call.__code__
        __defaults__ = None
        __kwdefaults__ = None
        __annotations__: dict[str, Any] = {}


if sys.version_info >= (3, 12):
    inspect.markcoroutinefunction(AsyncRemoteMethod)
