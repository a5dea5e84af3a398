"""The name server of Python Remote Objects: the phone book that turns names into addresses.

The names below are imported when first used, so that a storage plugin, which needs only
``pyro_nameserver.storage.base``, does not load a whole server.
"""

from __future__ import annotations

from pyro_nameserver.__about__ import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyro_nameserver.service import NameServer, start_ns, start_ns_loop

__all__ = ["NameServer", "__version__", "start_ns", "start_ns_loop"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from pyro_nameserver import service

        return getattr(service, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
