"""What a proxy keeps of its methods, so that the usual call is a short one."""

from typing import Any, Final
from weakref import ref

from Pyro4.configuration import config
from Pyro4.facade.context import known_state
from Pyro4.facade.remote_methods import _RemoteMethod
from pyro_client.streams import RemoteIterator
from pyro_core.context import serving
from pyro_core.errors import PyroError

_NEVER_BLOBS: Final = frozenset({str, int, float, bool, type(None), list, tuple, dict, bytes})


class _KnownRemoteMethod(_RemoteMethod):
    """Calls a method that the remote object is known to have. It does not keep the proxy.

    Args:
        proxy: The proxy.
        name: Name of the method.
    """

    __module__ = "Pyro4.core"

    def __init__(self, proxy: Any, name: str) -> None:
        self._proxy = ref(proxy)
        self._kind = type(proxy)
        self._profile = proxy._pyro_profile
        self._channel = proxy._pyro_channel
        self._call = self._channel.call
        self._name = name

    def __del__(self) -> None:
        if self._proxy() is None:
            self._channel.abandon()  # a call after the end of the proxy may have connected it

    def __getattr__(self, name: str) -> _RemoteMethod:
        proxy = self._alive()
        return _RemoteMethod(proxy._pyroInvoke, f"{self._name}.{name}", proxy._pyroMaxRetries)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        known = known_state()
        if (
            known is None
            or known.block is None
            or known.annotations
            or known.correlation_id is not None
            or serving() is not None
            or self._profile.seen != config.changes
            or (args and type(args[0]) not in _NEVER_BLOBS)
        ):
            return self._alive()._pyroInvoke(self._name, args, kwargs)
        try:
            result = self._call(self._name, args, kwargs)
        except PyroError as error:
            raise self._alive()._pyro_classic(error) from error.__cause__
        block = known.block
        if block.response_annotations or known.response_annotations:
            known.came_back(block)
        return self._alive()._pyro_stream(result) if type(result) is RemoteIterator else result

    def _alive(self) -> Any:
        """The proxy, or one like it if it is gone."""
        return self._proxy() or self._kind(self._profile.uri)


__all__ = ["_KnownRemoteMethod"]
