"""Turns a text such as ``memory`` or ``sqlite:names.db`` into an open storage."""

import re
from typing import Final

from pyro_core.errors import PluginError, SettingsError
from pyro_core.plugins import storages
from pyro_nameserver.storage.base import Storage

_CLASSIC_NAMES: Final = {"sql": "sqlite"}
"""How the stock name servers call a storage -> how we do."""


def open_storage(spec: str) -> Storage:
    """Open the storage that a text describes.

    Args:
        spec: ``memory``, ``sqlite:FILE``, the classic ``sql:FILE``, or ``NAME:LOCATION`` for a plugin of the
            group ``pyro.nameserver.storage``.

    Raises:
        SettingsError: If there is no such storage, or the location is none for it.
        PluginError: If the storage's plugin is broken.
        NamingError: If it cannot be opened.
    """
    name, _, location = spec.partition(":")
    name = _CLASSIC_NAMES.get(name, name)
    try:
        kind = _storage_class(name)
        return kind.open(location)
    except SettingsError:
        raise
    except ValueError as problem:
        raise SettingsError(f"invalid storage {spec!r}: {problem}", name="storage") from problem


def without_password(spec: str) -> str:
    """The same text, fit to be shown."""
    hidden = re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:********@", spec)
    return re.sub(r"(password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]+)", r"\1********", hidden)


def _storage_class(name: str) -> type[Storage]:
    registry = storages()
    try:
        kind: type[Storage] = registry.load(name)
    except PluginError as problem:
        known = sorted(registry.names())
        if name in known:  # there, but broken: its own error says how to repair it
            raise
        if name == "dbm":
            raise SettingsError(
                "invalid storage type 'dbm': the package pyro4-compat brings it, for files of Pyro4; install "
                "that, or use 'sqlite:FILE', which holds metadata too",
                name="storage",
            ) from problem
        raise SettingsError(
            f"invalid storage type {name!r}; there are {', '.join(map(repr, known))}: "
            "write 'memory', 'sqlite:FILE', or 'NAME:LOCATION' for another",
            name="storage",
        ) from problem
    return kind
