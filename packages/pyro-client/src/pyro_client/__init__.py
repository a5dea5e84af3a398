"""Call methods on objects in another process or machine as if they were local.

Each public name is loaded when it is first used, so that importing this package costs next to nothing and a
blocking program never loads asyncio.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyro_client.async_naming import locate_ns_async
    from pyro_client.async_proxy import AsyncProxy
    from pyro_client.batches import batch
    from pyro_client.futures import Future, Task
    from pyro_client.naming import locate_ns, resolve, type_meta
    from pyro_client.proxy import Proxy
    from pyro_client.transfers import Transfer
    from pyro_client.typed import (
        async_control_of,
        check_interface,
        check_interface_async,
        connect,
        connect_async,
        connecting,
        connecting_async,
        control_of,
    )
    from pyro_core.calls import Blob
    from pyro_core.errors import (
        CallCancelled,
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

__all__ = [
    "URI",
    "AsyncProxy",
    "Blob",
    "CallCancelled",
    "ClientSettings",
    "CommunicationError",
    "ConnectionClosedError",
    "ConnectionRejected",
    "DaemonError",
    "Future",
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
    "Task",
    "TimeoutError",
    "Transfer",
    "async_control_of",
    "batch",
    "check_interface",
    "check_interface_async",
    "connect",
    "connect_async",
    "connecting",
    "connecting_async",
    "control_of",
    "locate_ns",
    "locate_ns_async",
    "resolve",
    "type_meta",
]

_HOMES = {
    "AsyncProxy": "pyro_client.async_proxy",
    "batch": "pyro_client.batches",
    "Future": "pyro_client.futures",
    "Proxy": "pyro_client.proxy",
    "async_control_of": "pyro_client.typed",
    "check_interface": "pyro_client.typed",
    "check_interface_async": "pyro_client.typed",
    "connect": "pyro_client.typed",
    "connect_async": "pyro_client.typed",
    "connecting": "pyro_client.typed",
    "connecting_async": "pyro_client.typed",
    "control_of": "pyro_client.typed",
    "Task": "pyro_client.futures",
    "Transfer": "pyro_client.transfers",
    "locate_ns": "pyro_client.naming",
    "locate_ns_async": "pyro_client.async_naming",
    "resolve": "pyro_client.naming",
    "type_meta": "pyro_client.naming",
    "Blob": "pyro_core.calls",
    "ClientSettings": "pyro_core.settings",
    "URI": "pyro_core.uri",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES.get(name, "pyro_core.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
