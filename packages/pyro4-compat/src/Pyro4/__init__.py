"""Pyro4, on top of Python Remote Objects: programs written for Pyro4 run unmodified."""

from typing import Any as _Any

from Pyro4.facade import alone as _alone
from Pyro4.facade import logs as _logs

_alone.check(__path__[0])
_logs.set_up()

from Pyro4 import configuration, constants, core, errors, futures, message, socketutil, util  # noqa: E402
from Pyro4.configuration import config  # noqa: E402
from Pyro4.constants import VERSION as __version__  # noqa: E402
from Pyro4.core import (  # noqa: E402
    URI,
    Daemon,
    Proxy,
    asyncproxy,
    batch,
    behavior,
    callback,
    current_context,
    expose,
    locateNS,
    oneway,
    resolve,
)
from Pyro4.futures import Future  # noqa: E402

__all__ = [
    "URI",
    "Daemon",
    "Future",
    "Proxy",
    "__version__",
    "asyncproxy",
    "batch",
    "behavior",
    "callback",
    "config",
    "configuration",
    "constants",
    "core",
    "current_context",
    "errors",
    "expose",
    "futures",
    "locateNS",
    "message",
    "oneway",
    "resolve",
    "socketutil",
    "util",
]


def __getattr__(name: str) -> _Any:
    if name == "naming":  # only when somebody looks: a whole name server comes along
        from importlib import import_module

        return import_module("Pyro4.naming")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
