"""Contexts: named sets of settings, such as one for each place where a system runs.

They are in ``contexts.toml`` in the user's configuration folder, which only that user may read::

    current = "production"

    [contexts.production.client]
    ns_host = "names.example.org"

    [contexts.production.client.tls]
    cafile = "/etc/pyro/authority.pem"

Each table is what ``from_mapping`` of the settings takes: ``client``, ``server`` and ``nameserver``. The
environment overrides a context, and options override both.
"""

import os
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from pyro_cli.toml_text import toml_text
from pyro_core.errors import SettingsError
from pyro_core.setting_sources import FromOutside
from pyro_core.settings import ClientSettings, NameServerSettings, ServerSettings

VARIABLE: Final = "PYROCLI_CONTEXT"
"""Environment variable with the name of the context to use. Not ``PYRO_...``: Pyro5 refuses to start with
such variables that it does not know."""
HOME_VARIABLE: Final = "PYROCLI_HOME"
"""Environment variable with the folder for the files of ``pyro-cli``."""
PARTS: Final[Mapping[str, type[FromOutside]]] = {
    "client": ClientSettings,
    "server": ServerSettings,
    "nameserver": NameServerSettings,
}
"""Name of a table -> the settings that it holds."""
SECRETS: Final = ("password", "token", "secret")
"""Words in the names of settings whose values are not shown."""
_FILE: Final = "contexts.toml"
_OURS_ONLY: Final = 0o700

Settings = TypeVar("Settings", bound=FromOutside)
Table = dict[str, Any]


def folder() -> Path:
    """The user's configuration folder of ``pyro-cli``, or what ``PYROCLI_HOME`` says; it need not exist."""
    return Path(os.environ.get(HOME_VARIABLE) or click.get_app_dir("pyro-cli"))


class Contexts:
    """All contexts, and which of them is used when none is named.

    Args:
        path: The file; None for the user's own.

    Raises:
        SettingsError: If there is a file that cannot be understood.
        OSError: If there is one that cannot be read.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or folder() / _FILE
        self.current = ""
        self._tables: dict[str, Table] = {}
        if self.path.exists():
            self._read()

    def _read(self) -> None:
        try:
            document = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise SettingsError(f"{self.path} is not valid TOML: {problem}", name=str(self.path)) from problem
        current, tables = document.get("current", ""), document.get("contexts", {})
        if not isinstance(current, str) or not _is_table_of_tables(tables, depth=2):
            raise SettingsError(
                f"{self.path}: expected a name in 'current' and tables in [contexts.NAME]; "
                "repair or remove the file",
                name=str(self.path),
            )
        self.current, self._tables = current, tables

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._tables))

    def table(self, name: str) -> Table:
        """The tables of one context.

        Raises:
            SettingsError: If there is none of that name.
        """
        try:
            return self._tables[name]
        except KeyError:
            known = ", ".join(self) or "none"
            raise SettingsError(
                f"no context {name!r} in {self.path}; known: {known}. Make one with 'pyro-cli context set "
                f"{name} ns_host=HOST'",
                name=name,
            ) from None

    def settings(self, name: str, kind: type[Settings]) -> Settings:
        """Settings as a context has them, without the environment.

        Raises:
            SettingsError: If the context has something that cannot be used.
        """
        part = next(part for part, known in PARTS.items() if known is kind)
        table = self.table(name).get(part, {}) if name else {}
        return kind.from_mapping(table, where=f"[contexts.{name}.{part}] in {self.path}")

    def put(self, name: str, table: Table) -> None:
        """Add or replace one context; the first one is the current one from then on."""
        self._tables[name] = table
        self.current = self.current or name

    def remove(self, name: str) -> None:
        """Take one context out.

        Raises:
            SettingsError: If there is none of that name.
        """
        self.table(name)
        del self._tables[name]
        if self.current == name:
            self.current = ""

    def save(self) -> None:
        """Write the file, all of it or nothing; only the user can read it."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=_OURS_ONLY)
        text = toml_text({"current": self.current, "contexts": self._tables})
        # mkstemp makes a file that nobody else can read.
        handle, made = tempfile.mkstemp(dir=self.path.parent, prefix=_FILE)
        try:
            with open(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(made, self.path)
        except BaseException:
            os.unlink(made)
            raise


def _is_table_of_tables(value: Any, depth: int) -> bool:
    if not isinstance(value, dict):
        return False
    return not depth or all(_is_table_of_tables(inner, depth - 1) for inner in value.values())


def chosen_name(contexts: Contexts) -> str:
    """The context in force: that of ``--context``, of ``PYROCLI_CONTEXT``, or the current one; or empty."""
    invocation = click.get_current_context(silent=True)
    asked = invocation.find_root().params.get("context") if invocation else None
    return asked or os.environ.get(VARIABLE, "") or contexts.current


def settings_of(kind: type[Settings]) -> Settings:
    """Settings for a command: those of the context in force, overridden by the environment.

    Raises:
        SettingsError: If there is no such context, or a value cannot be used.
    """
    contexts = Contexts()
    return kind.from_environ(base=contexts.settings(chosen_name(contexts), kind))
