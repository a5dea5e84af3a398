"""Logging as Pyro4 sets it up when it is imported: from ``PYRO_LOGLEVEL`` and ``PYRO_LOGFILE``."""

import logging
import os
import sys
import time
from collections.abc import Mapping

SILENT = 9999
"""A level that no message has."""
_LAYOUT = "[%(asctime)s.%(msecs)03d,%(name)s,%(levelname)s] %(message)s"
_TIME = "%Y-%m-%d %H:%M:%S"
_NATIVE = ("pyro_core", "pyro_serializers", "pyro_client", "pyro_server", "pyro_nameserver", "pyro_flame")


def set_up(environ: Mapping[str, str] = os.environ) -> None:
    """Send the log where the environment says, or silence it. Once, when ``Pyro4`` is imported.

    From then on the loggers of the packages below are children of ``Pyro4``, which programs know.

    Args:
        environ: The environment.

    Raises:
        AttributeError: If there is no such level.
    """
    log = logging.getLogger("Pyro4")
    for name in _NATIVE:
        logging.getLogger(name).parent = log
    level_name = environ.get("PYRO_LOGLEVEL")
    if level_name in (None, ""):
        log.setLevel(SILENT)
        return
    level = getattr(logging, str(level_name).upper())
    if logging.root.handlers:
        return
    target = environ.get("PYRO_LOGFILE") or "pyro.log"
    logging.basicConfig(level=level, format=_LAYOUT, datefmt=_TIME, handlers=[_handler(target)])
    log.setLevel(level)
    log.info("Pyro log configured using built-in defaults, level=%s", level_name)


def _handler(target: str) -> logging.Handler:
    if target == "{stderr}":
        return logging.StreamHandler(sys.stderr)
    try:
        return logging.FileHandler(target)
    except OSError as problem:
        handler = logging.StreamHandler(sys.stderr)
        record = f"cannot write to the log file {target!r} ({problem}); logging to the console"
        print(f"[{time.strftime(_TIME)}] WARNING: {record}", file=sys.stderr)
        return handler
