"""Where settings come from: variables of the environment, tables of TOML; and which of them said what."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any, ClassVar, Final, Self

from pyro_core import setting_kinds as kinds
from pyro_core.errors import SettingsError
from pyro_core.setting_groups import TLS, Limits, Timeouts

_GROUPS: Final = (Limits, Timeouts, TLS)
_KNOWN: Final[dict[type, tuple[tuple[Any, ...], Any]]] = {}
"""What the environment said last, and the settings that it made: most proxies find it unchanged."""


class FromOutside:
    """Base of settings that can be read from the environment and from TOML.

    A subclass is a frozen dataclass. ``_TABLE`` is the name of its table. ``_VARIABLES`` says for each
    variable which field it sets, with a dot for one of a group, and what kind of values it has.
    """

    __slots__ = ()
    _TABLE: ClassVar[str]
    _VARIABLES: ClassVar[Mapping[str, tuple[str, kinds.Kind]]]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ, *, base: Self | None = None) -> Self:
        """Settings, overridden by environment variables.

        Args:
            environ: The variables.
            base: What they override, such as what a file says; None for the defaults.

        Raises:
            SettingsError: If a variable has a value that cannot be used.
        """
        seen = _seen(cls, environ) if base is None else None
        if seen is not None:
            known = _KNOWN.get(cls)
            if known is not None and known[0] == seen:
                return known[1]  # type: ignore[no-any-return]
        changes: dict[str, Any] = {}
        for variable, (name, kind) in cls._VARIABLES.items():
            text = environ.get(variable)
            if text is None:
                continue
            try:
                changes[name] = kind.of_text(text)
            except ValueError as allowed:
                raise SettingsError(
                    f"environment variable {variable}={text!r} cannot be used: expected {allowed}",
                    name=variable,
                ) from None
        settings: Self = _changed(cls() if base is None else base, changes)
        if seen is not None:
            _KNOWN[cls] = seen, settings
        return settings

    @classmethod
    def from_mapping(cls, table: Mapping[str, Any], *, where: str = "settings") -> Self:
        """Defaults, overridden by a table such as TOML gives: field names, with tables for nested ones.

        Args:
            table: The values. Durations that may be None are so for 0.
            where: What to call the table in errors.

        Raises:
            SettingsError: If it holds an unknown name or a value that cannot be used.
        """
        settings = _from_table(cls(), table, where)
        assert isinstance(settings, cls)
        return settings

    @classmethod
    def sources(
        cls,
        environ: Mapping[str, str] = os.environ,
        *,
        table: Mapping[str, Any] | None = None,
        where: str = "",
    ) -> dict[str, str]:
        """Where the settings come from that are no defaults: name -> variable, or ``where``.

        Args:
            environ: The variables, which go before the table.
            table: What ``from_mapping`` was given.
            where: What to call the table.
        """
        found = dict.fromkeys(_flat_names(table or {}), where)
        found.update(
            {name: variable for variable, (name, _) in cls._VARIABLES.items() if variable in environ}
        )
        return found

    @classmethod
    def from_toml(cls, path: "str | os.PathLike[str]", table: str = "") -> Self:
        """Defaults, overridden by one table of a TOML file.

        Args:
            path: The file.
            table: Name of the table; empty for ``client``, ``server`` or ``nameserver``, each for its class.
                A file without it changes nothing.

        Raises:
            SettingsError: If the file is no TOML, or the table has an unknown name or a wrong value.
            OSError: If the file cannot be read.
        """
        import tomllib

        with open(path, "rb") as file:
            try:
                document = tomllib.load(file)
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
                raise SettingsError(f"{path} is not valid TOML: {problem}", name=str(path)) from problem
        name = table or cls._TABLE
        return cls.from_mapping(document.get(name, {}), where=f"[{name}] in {path}")

    def describe(
        self, environ: Mapping[str, str] = os.environ, *, sources: Mapping[str, str] | None = None
    ) -> list[tuple[str, Any, str]]:
        """Every setting as (name, value, source).

        The source is the variable that gives this value, ``"default"``, or else ``"program"``.

        Args:
            environ: The variables.
            sources: Where each value came from, where the caller knows; what is missing is a default.

        Raises:
            SettingsError: If a variable has a value that cannot be used.
        """
        if sources is not None:
            return [
                (name, value, sources.get(name, "default")) for name, value, _ in _flat(self, type(self)())
            ]
        asked = {name: variable for variable, (name, _) in self._VARIABLES.items() if variable in environ}
        given = {name: value for name, value, _ in _flat(self.from_environ(environ), self)}
        rows = []
        for name, value, default in _flat(self, type(self)()):
            if name in asked and given.get(name) == value:
                rows.append((name, value, asked[name]))
            else:
                rows.append((name, value, "default" if value == default else "program"))
        return rows


def _changed(settings: Any, changes: dict[str, Any]) -> Any:
    """Settings with some values replaced; a dot in a name leads into a nested group.

    What is said about TLS counts only where TLS is switched on, by the change named ``tls`` or before.
    """
    flat: dict[str, Any] = {}
    tls = getattr(settings, "tls", None)
    if changes.pop("tls", tls is not None):
        flat["tls"] = tls or TLS()
    else:
        flat.update({"tls": None} if tls is not None else {})
        changes = {name: value for name, value in changes.items() if not name.startswith("tls.")}
    for name, value in changes.items():
        group, dot, inner = name.partition(".")
        if dot:
            flat[group] = replace(flat.get(group, getattr(settings, group)), **{inner: value})
        else:
            flat[group] = value
    return replace(settings, **flat) if flat else settings


def _from_table(default: Any, table: object, where: str) -> Any:
    if not isinstance(table, Mapping):
        raise SettingsError(f"{where} must be a table, got {table!r:.80}", name=where)
    known = {item.name: item for item in fields(default) if item.name != "context"}
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            raise SettingsError(f"unknown setting {name!r} in {where}; {near_names(name, known)}", name=name)
        if name == "tls" and value in (False, ""):
            values[name] = None
            continue
        now = TLS() if name == "tls" else getattr(default, name)
        if isinstance(now, _GROUPS):
            values[name] = _from_table(now, value, f"{name} of {where}")
            continue
        try:
            values[name] = kinds.kind_of(known[name]).of_value(value)
        except ValueError as allowed:
            raise SettingsError(
                f"{name} = {value!r:.80} in {where} cannot be used: expected {allowed}", name=name
            ) from None
    return replace(default, **values)


def _flat_names(table: Mapping[str, Any], before: str = "") -> Iterable[str]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat_names(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def near_names(name: str, known: Iterable[str]) -> str:
    """What a wrong name may have been meant to be, as the end of an error."""
    import difflib

    near = difflib.get_close_matches(name, list(known), 3)
    return (
        f"did you mean {' or '.join(map(repr, near))}?" if near else f"known are {', '.join(sorted(known))}"
    )


def _flat(settings: Any, default: Any) -> Iterable[tuple[str, Any, Any]]:
    for item in fields(settings):
        value, usual = getattr(settings, item.name), getattr(default, item.name)
        if isinstance(value, _GROUPS):
            for name, inner, inner_usual in _flat(value, usual or TLS()):
                yield f"{item.name}.{name}", inner, inner_usual
        elif not item.repr:  # a secret
            yield item.name, value and "********", usual
        else:
            yield item.name, value, usual


def _seen(cls: Any, environ: Mapping[str, str]) -> tuple[Any, ...] | None:
    """The values of a class's variables, to be compared; None if looking would cost as much as reading."""
    # Each look at os.environ encodes the name and catches an exception; the table behind it is a plain dict.
    raw = getattr(environ, "_data", None) if environ is os.environ else None
    return tuple(map(raw.get, _raw_names(cls))) if type(raw) is dict else None


@cache
def _raw_names(cls: Any) -> list[Any]:
    return [os.environ.encodekey(variable) for variable in cls._VARIABLES]
