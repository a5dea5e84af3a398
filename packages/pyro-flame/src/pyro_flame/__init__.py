"""Use modules, code, files and a console of another process, as far as its policy allows.

Each public name is loaded when it is first used: a client loads no server, and a server no client.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from pyro_flame.__about__ import __version__

if TYPE_CHECKING:
    from pyro_flame.client import RemoteFlame, connect
    from pyro_flame.modules import create_module
    from pyro_flame.policy import Policy
    from pyro_flame.remote import RemoteFunction, RemoteModule, RemoteObject
    from pyro_flame.remote_console import RemoteConsole
    from pyro_flame.service import Flame, start

__all__ = [
    "Flame",
    "Policy",
    "RemoteConsole",
    "RemoteFlame",
    "RemoteFunction",
    "RemoteModule",
    "RemoteObject",
    "__version__",
    "connect",
    "create_module",
    "start",
]

_HOMES: Final = {
    "Flame": "service",
    "Policy": "policy",
    "RemoteConsole": "remote_console",
    "RemoteFunction": "remote",
    "RemoteModule": "remote",
    "RemoteObject": "remote",
    "create_module": "modules",
    "start": "service",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'client')}"), name)
