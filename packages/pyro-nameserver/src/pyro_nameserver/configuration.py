"""The configuration of a name server that runs as a service, and where each value came from.

What goes before what, the strongest last: defaults, the TOML file, variables of the environment, options of
the command line. A service manager's state directory (``STATE_DIRECTORY``) is where names are kept if nothing
else says.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pyro_core.errors import SettingsError
from pyro_core.setting_sources import near_names
from pyro_core.settings import NameServerSettings, ServerSettings
from pyro_nameserver.storage.spec import without_password

CONFIG_VARIABLE: Final = "PYRO_NS_CONFIG"
"""Names the file if no option does."""
_STATE_DIRECTORY: Final = "STATE_DIRECTORY"
_TABLES: Final = ("nameserver", "server", "client")
_OF_THE_NAME_SERVER: Final = ("host", "port", "unixsocket", "nathost", "natport")
"""Settings that every daemon has, and that a name server's daemon takes from the table ``nameserver``."""


@dataclass(frozen=True)
class Configuration:
    """What is in force.

    Attributes:
        nameserver: Settings of the name server.
        server: Settings of its daemon.
        nameserver_sources: Where those of the name server came from, unless they are defaults.
        server_sources: The same for those of the daemon.
    """

    nameserver: NameServerSettings
    server: ServerSettings
    nameserver_sources: Mapping[str, str] = field(default_factory=dict)
    server_sources: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> list[dict[str, Any]]:
        """Every setting: its table, name, value and source."""
        parts = (
            ("nameserver", self.nameserver.describe(sources=self.nameserver_sources)),
            ("server", self.server.describe(sources=self.server_sources)),
        )
        return [
            {"table": table, "name": name, "value": _shown(name, value), "source": source}
            for table, described in parts
            for name, value, source in described
            if table == "nameserver" or name not in _OF_THE_NAME_SERVER
        ]


def load(
    path: str | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    options: Mapping[str, tuple[Any, str]] | None = None,
) -> Configuration:
    """Read the configuration.

    Args:
        path: The TOML file; None for the one that ``PYRO_NS_CONFIG`` names, or none.
        environ: The variables.
        options: Setting of the name server -> its value and how the option is written.

    Raises:
        SettingsError: If the file cannot be read, holds an unknown name, or a value cannot be used.
    """
    path = path or environ.get(CONFIG_VARIABLE) or None
    tables = {} if path is None else _tables(path)
    for name in _OF_THE_NAME_SERVER:
        if name in tables.get("server", {}):
            raise SettingsError(
                f"{name!r} in [server] in {path} has no effect: write it in [nameserver]", name=name
            )
    named = {name: f"[{name}] in {path}" for name in _TABLES}
    nameserver = NameServerSettings.from_environ(
        environ,
        base=NameServerSettings.from_mapping(tables.get("nameserver", {}), where=named["nameserver"]),
    )
    server = ServerSettings.from_environ(
        environ, base=ServerSettings.from_mapping(tables.get("server", {}), where=named["server"])
    )
    sources = NameServerSettings.sources(
        environ, table=tables.get("nameserver", {}), where=named["nameserver"]
    )
    for name, (value, option) in (options or {}).items():
        nameserver = replace(nameserver, **{name: value})
        sources[name] = option
    state = environ.get(_STATE_DIRECTORY, "").partition(":")[0]
    if state and "storage" not in sources:
        nameserver = replace(nameserver, storage=f"sqlite:{Path(state, 'names.sqlite')}")
        sources["storage"] = _STATE_DIRECTORY
    return Configuration(
        nameserver,
        server,
        sources,
        ServerSettings.sources(environ, table=tables.get("server", {}), where=named["server"]),
    )


def _shown(name: str, value: Any) -> Any:
    return without_password(value) if name == "storage" else value


def _tables(path: str) -> dict[str, Any]:
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise SettingsError(
            f"cannot read the configuration {path}: {problem.strerror}; name another file with --config, "
            f"or leave out --config and {CONFIG_VARIABLE}",
            name="config",
        ) from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise SettingsError(f"{path} is not valid TOML: {problem}", name="config") from problem
    for name, value in document.items():
        if name not in _TABLES:
            raise SettingsError(f"unknown table or setting {name!r} in {path}; {_hint(name)}", name=name)
        if not isinstance(value, dict):
            raise SettingsError(f"[{name}] in {path} must be a table, got {value!r:.80}", name=name)
    return document


def _hint(name: str) -> str:
    inside = NameServerSettings.__dataclass_fields__
    if name in inside:
        return f"did you mean {name!r} in the table [nameserver]?"
    return near_names(name, _TABLES)
