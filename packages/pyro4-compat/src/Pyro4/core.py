"""The main parts of Pyro4: addresses, proxies, daemons."""

from typing import TYPE_CHECKING, Any

from Pyro4.facade.batches import _BatchedRemoteMethod, _BatchProxyAdapter
from Pyro4.facade.blobs import SerializedBlob
from Pyro4.facade.context import _CallContext, current_context
from Pyro4.facade.daemon import Daemon
from Pyro4.facade.daemon_object import DaemonObject
from Pyro4.facade.decorators import behavior, expose
from Pyro4.facade.proxy import Proxy, asyncproxy, batch
from Pyro4.facade.registered import reference_of
from Pyro4.facade.remote_methods import _AsyncRemoteMethod, _RemoteMethod
from Pyro4.facade.streams import _StreamResultIterator
from Pyro4.facade.uri import URI
from Pyro4.futures import Future
from pyro_core.expose import callback, oneway

if TYPE_CHECKING:
    from Pyro4.facade.locating import locateNS, resolve

__all__ = [
    "URI",
    "Daemon",
    "DaemonObject",
    "Future",
    "Proxy",
    "SerializedBlob",
    "_AsyncRemoteMethod",
    "_BatchProxyAdapter",
    "_BatchedRemoteMethod",
    "_CallContext",
    "_RemoteMethod",
    "_StreamResultIterator",
    "asyncproxy",
    "batch",
    "behavior",
    "callback",
    "current_context",
    "expose",
    "locateNS",
    "oneway",
    "pyroObjectToAutoProxy",
    "resolve",
]


def pyroObjectToAutoProxy(obj: Any) -> Any:
    """A proxy for a registered object; anything else as it is."""
    return obj if reference_of(obj) is None else obj._pyroDaemon.proxyFor(obj)


def __getattr__(name: str) -> Any:
    # These live where the name server is; most programs that have a daemon do not need it.
    if name in ("locateNS", "_locateNS", "resolve", "_resolve"):
        from Pyro4.facade import locating

        found = getattr(locating, name.lstrip("_"))
        globals()[name] = found
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
