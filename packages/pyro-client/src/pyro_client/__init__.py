"""Call methods on objects in another process or machine as if they were local."""

from typing import TYPE_CHECKING, Any

from pyro_client.naming import locate_ns, resolve, type_meta
from pyro_client.proxy import Proxy
from pyro_core.errors import (
    CommunicationError,
    ConnectionClosedError,
    ConnectionRejected,
    DaemonError,
    MessageTooLarge,
    NameNotFound,
    NameServerNotFound,
    NamingError,
    PluginError,
    ProtocolError,
    PyroError,
    RemoteError,
    SecurityError,
    SerializeError,
    SettingsError,
    TimeoutError,
)
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI

if TYPE_CHECKING:
    from pyro_client.async_proxy import AsyncProxy

__all__ = [
    "URI",
    "AsyncProxy",
    "ClientSettings",
    "CommunicationError",
    "ConnectionClosedError",
    "ConnectionRejected",
    "DaemonError",
    "MessageTooLarge",
    "NameNotFound",
    "NameServerNotFound",
    "NamingError",
    "PluginError",
    "ProtocolError",
    "Proxy",
    "PyroError",
    "RemoteError",
    "SecurityError",
    "SerializeError",
    "SettingsError",
    "TimeoutError",
    "locate_ns",
    "resolve",
    "type_meta",
]


def __getattr__(name: str) -> Any:
    if name == "AsyncProxy":  # asyncio is expensive to import, and blocking programs do not need it
        from pyro_client.async_proxy import AsyncProxy

        return AsyncProxy
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
