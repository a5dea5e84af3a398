"""Remote objects over HTTP: an ASGI application that calls them, and a console for browsers.

Each public name is loaded when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyro_http.gateway import Gateway
    from pyro_http.server import serve
    from pyro_http.settings import GatewaySettings

__all__ = ["Gateway", "GatewaySettings", "serve"]

_HOMES = {
    "Gateway": "pyro_http.gateway",
    "GatewaySettings": "pyro_http.settings",
    "serve": "pyro_http.server",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
