"""The I/O-free core of Python Remote Objects: what every client and every server shares.

The names below are imported when they are first used, so that ``import pyro_core`` costs next to nothing.
Plugins find their contracts in ``pyro_core.serializer`` and ``pyro_core.transport``, and the suites to test
themselves with in ``pyro_core.testing``.
"""

from __future__ import annotations

import importlib

from pyro_core.__about__ import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyro_core.calls import Blob, ObjectRef
    from pyro_core.context import CallContext, current_call, outgoing
    from pyro_core.convert import ClassRules
    from pyro_core.delivery import delivery_of
    from pyro_core.errors import (
        CallCancelled,
        CommunicationError,
        ConnectionClosedError,
        ConnectionRejected,
        DaemonError,
        MessageTooLarge,
        NameNotFound,
        NameOwned,
        NameServerNotFound,
        NameTaken,
        NamingError,
        PluginError,
        ProtocolError,
        PyroError,
        RemoteError,
        RevisionGone,
        SecurityError,
        SerializeError,
        SettingsError,
        TimeoutError,
    )
    from pyro_core.metadata import Metadata
    from pyro_core.remote_errors import excepthook, traceback_text
    from pyro_core.settings import (
        TLS,
        ClientSettings,
        Limits,
        Listen,
        NameServerSettings,
        ServerSettings,
        Timeouts,
    )
    from pyro_core.uri import URI

__all__ = [
    "TLS",
    "URI",
    "Blob",
    "CallCancelled",
    "CallContext",
    "ClassRules",
    "ClientSettings",
    "CommunicationError",
    "ConnectionClosedError",
    "ConnectionRejected",
    "DaemonError",
    "Limits",
    "Listen",
    "MessageTooLarge",
    "Metadata",
    "NameNotFound",
    "NameOwned",
    "NameServerNotFound",
    "NameServerSettings",
    "NameTaken",
    "NamingError",
    "ObjectRef",
    "PluginError",
    "ProtocolError",
    "PyroError",
    "RemoteError",
    "RevisionGone",
    "SecurityError",
    "SerializeError",
    "ServerSettings",
    "SettingsError",
    "TimeoutError",
    "Timeouts",
    "__version__",
    "current_call",
    "delivery_of",
    "excepthook",
    "outgoing",
    "traceback_text",
]

_ELSEWHERE = {
    "URI": "uri",
    "Blob": "calls",
    "ObjectRef": "calls",
    "CallContext": "context",
    "current_call": "context",
    "outgoing": "context",
    "ClassRules": "convert",
    "delivery_of": "delivery",
    "Metadata": "metadata",
    "excepthook": "remote_errors",
    "traceback_text": "remote_errors",
    "ClientSettings": "settings",
    "Limits": "settings",
    "Listen": "settings",
    "NameServerSettings": "settings",
    "ServerSettings": "settings",
    "TLS": "settings",
    "Timeouts": "settings",
}
"""Public name -> module; the errors, being the rest, are all in one."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_ELSEWHERE.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
