"""Whether stock Pyro4 is installed beside this module of the same name."""

import os
import sys
from collections.abc import Iterable


def check(folder: str, path: Iterable[str] = sys.path) -> None:
    """Refuse to be mixed with stock Pyro4.

    Args:
        folder: Where this package is.
        path: Where Python looks for modules.

    Raises:
        ImportError: If it is installed, too.
    """
    parent = os.path.dirname(os.path.abspath(folder))
    found = [entry for entry in path if os.path.abspath(entry) != parent and _has_stock(entry)]
    found += [parent] if any(map(_is_stock, _names_in(parent))) else []
    if found:
        raise ImportError(
            f"both Pyro4 (in {found[0]}) and pyro4-compat (in {parent}) provide the module Pyro4: "
            "uninstall Pyro4, and install pyro4-compat again"
        )


def _has_stock(entry: str) -> bool:
    return os.path.isfile(os.path.join(entry, "Pyro4", "core.py")) and any(map(_is_stock, _names_in(entry)))


def _is_stock(name: str) -> bool:
    return name.startswith("Pyro4-") and name.endswith((".dist-info", ".egg-info"))


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
