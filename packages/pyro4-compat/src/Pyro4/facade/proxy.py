"""The proxy of Pyro4: its members are the remote object's, and everything else begins with ``_pyro``."""

from collections.abc import Sequence
from typing import Any, Self

from Pyro4.configuration import config
from Pyro4.errors import CommunicationError, ConnectionClosedError, NamingError
from Pyro4.facade.batches import _BatchProxyAdapter
from Pyro4.facade.calling import HOOKS, Calling
from Pyro4.facade.known_methods import _KnownRemoteMethod
from Pyro4.facade.remote_methods import _AsyncRemoteMethod, _RemoteMethod
from Pyro4.facade.uri import URI
from pyro_core.calls import ObjectRef
from pyro_core.metadata import Metadata
from pyro_core.names import GET_ATTRIBUTE, SET_ATTRIBUTE

_RECONNECT_S = 2.0
_CONNECTED = "<<connected-socket>>"


class Proxy(Calling):
    """Stands for a remote object. It connects when it is used.

    Args:
        uri: Address of the object, as text or ``URI``; with ``connected_socket`` its id.
        connected_socket: A socket that is connected to the daemon.

    Raises:
        TypeError: If the address is neither text nor a URI.
        SerializeError: If the configured serializer is not available.
    """

    __module__ = "Pyro4.core"

    def __init__(self, uri: "str | URI", connected_socket: Any = None) -> None:
        if not isinstance(uri, str | URI):
            raise TypeError("expected Pyro URI")
        if connected_socket is None:
            target = URI(uri)
        else:
            target = URI(f"PYRO:{uri if isinstance(uri, str) else uri.object}@{_CONNECTED}:0")
        self._pyro_assemble(target, connected_socket)
        if connected_socket is not None:
            self._pyroBind()

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        if name.startswith("_pyro") or name in ("__getnewargs__", "__getnewargs_ex__", "__getinitargs__"):
            raise AttributeError(name)
        if config.METADATA:
            if not self._pyroMethods and not self._pyroAttrs:
                self._pyroGetMetadata()
            if name in self._pyroAttrs:
                return self._pyroInvoke(GET_ATTRIBUTE, (name,), None)
            leads_on = config.DOTTEDNAMES and name.partition(".")[0] in self._pyroAttrs
            if name not in self._pyroMethods and not leads_on:
                raise AttributeError(
                    f"remote object '{self._pyroUri}' has no exposed attribute or method '{name}'"
                )
        if own["_pyro_asynchronous"]:
            return _AsyncRemoteMethod(self, name, self._pyroMaxRetries)
        known = config.METADATA and name in self._pyroMethods
        if known and type(self) is Proxy and not self._pyroRawWireResponse:
            # For the next time; this time the method keeps the proxy.
            own[name] = _KnownRemoteMethod(self, name)
        return _RemoteMethod(self._pyroInvoke, name, self._pyroMaxRetries)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_pyro"):
            object.__setattr__(self, name, value)
            if name in HOOKS:
                self._pyro_use_hooks()
            elif name in ("_pyroMethods", "_pyroRawWireResponse"):
                self._pyro_forget()
            return
        if not config.METADATA:
            object.__setattr__(self, name, value)
            return
        if not self._pyroMethods and not self._pyroAttrs:
            self._pyroGetMetadata()
        if name not in self._pyroAttrs:
            raise AttributeError(f"remote object '{self._pyroUri}' has no exposed attribute '{name}'")
        self._pyroInvoke(SET_ATTRIBUTE, (name, value), None)

    def __repr__(self) -> str:
        connection = self._pyroConnection
        state = f"connected {connection.family()}" if connection is not None else "not connected"
        kind = type(self)
        return f"<{kind.__module__}.{kind.__qualname__} at 0x{id(self):x}; {state}; for {self._pyroUri}>"

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self._pyroMethods, *self._pyroAttrs})

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        return isinstance(other, Proxy) and other._pyroUri == self._pyroUri

    def __hash__(self) -> int:
        return hash(self._pyroUri)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pyroRelease()

    def __del__(self) -> None:
        channel = self.__dict__.get("_pyro_channel")
        if channel is not None:  # else it was never completed
            channel.abandon()

    def __bool__(self) -> bool:
        return True

    def __copy__(self) -> Self:
        twin = type(self).__new__(type(self))
        twin._pyro_adopt_from(self)
        return twin

    def __getstate__(self) -> tuple[Any, ...]:
        return (
            self._pyroUri,
            self._pyroOneway,
            self._pyroMethods,
            self._pyroAttrs,
            self._pyroTimeout,
            self._pyroHmacKey,
            self._pyroHandshake,
            self._pyroMaxRetries,
            self._pyroSerializer,
        )

    def __setstate__(self, state: Sequence[Any]) -> None:
        uri, oneway, methods, attrs, _timeout, hmac_key, handshake, _retries, *rest = state
        self._pyro_assemble(URI(uri), None)
        self._pyroOneway = set(oneway)
        self._pyroMethods = set(methods)
        self._pyroAttrs = set(attrs)
        self._pyroHmacKey = hmac_key
        self._pyroHandshake = handshake
        self._pyroSerializer = rest[0] if rest else None

    def __getstate_for_dict__(self) -> tuple[Any, ...]:
        import base64

        uri, oneway, methods, attrs, timeout, hmac_key, *rest = self.__getstate__()
        encoded = None if hmac_key is None else "b64:" + base64.b64encode(hmac_key).decode("ascii")
        return (uri.asString(), tuple(oneway), tuple(methods), tuple(attrs), timeout, encoded, *rest)

    def __setstate_from_dict__(self, state: Sequence[Any]) -> None:
        import base64

        uri, oneway, methods, attrs, timeout, hmac_key, *rest = state
        if isinstance(hmac_key, str) and hmac_key.startswith("b64:"):
            hmac_key = base64.b64decode(hmac_key[4:])
        self.__setstate__((uri, oneway, methods, attrs, timeout, hmac_key, *rest))

    def _pyro_reference(self) -> ObjectRef:
        """What it travels as where its key is to stay here."""
        known = Metadata(
            frozenset(self._pyroMethods), frozenset(self._pyroOneway), frozenset(self._pyroAttrs)
        )
        return ObjectRef(self._pyroUri, known, self._pyroHandshake, self._pyroSerializer)

    # ---- what programs call

    def _pyroReconnect(self, tries: int = 100000000) -> None:
        """Connect again, trying every two seconds.

        Args:
            tries: How often.

        Raises:
            ConnectionClosedError: If no attempt succeeded.
        """
        self._pyroRelease()
        for attempt in range(tries):
            try:
                self._pyroBind()
            except (CommunicationError, NamingError):
                if attempt + 1 < tries:
                    self._pyro_channel.runner.sleep(_RECONNECT_S)
            else:
                return
        raise ConnectionClosedError("failed to reconnect")

    def _pyroBatch(self) -> _BatchProxyAdapter:
        """Gathers calls that are to be sent in one message."""
        return _BatchProxyAdapter(self)

    def _pyroAsync(self, asynchronous: bool = True) -> None:
        """Let calls give futures from now on, or results again."""
        self.__dict__["_pyro_asynchronous"] = asynchronous
        self._pyro_forget()


def asyncproxy(proxy: Any, asynchronous: bool = True) -> None:
    """Let a proxy's calls give futures, or results again."""
    proxy._pyroAsync(asynchronous)


def batch(proxy: Any) -> Any:
    """Gathers calls of a proxy that are to be sent in one message."""
    return proxy._pyroBatch()
