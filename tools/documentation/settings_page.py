"""Bring the tables of docs/reference/settings.md up to date.

They are made from the settings classes and stand between comments in the page; the rest is written by hand.
A test compares the page with what this makes of it. To run::

    hatch run python tools/documentation/settings_page.py
"""

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, Final

from pyro_core.setting_groups import TLS, Limits, Listen, Timeouts
from pyro_core.setting_kinds import kind_of
from pyro_core.setting_sources import FromOutside
from pyro_core.settings import ClientSettings, NameServerSettings, ServerSettings
from pyro_flame.policy import Policy
from pyro_http.settings import GatewaySettings
from pyro_observe.settings import ObserveSettings

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "settings.md"
_PLACE: Final = re.compile(r"(<!-- (\w+) -->\n).*?(?=<!-- end of the table -->)", re.DOTALL)
CLASSES: Final[Mapping[str, type]] = {
    kind.__name__: kind
    for kind in (
        ClientSettings,
        ServerSettings,
        NameServerSettings,
        GatewaySettings,
        ObserveSettings,
        Timeouts,
        Limits,
        TLS,
        Listen,
        Policy,
    )
}
"""Each has a table."""
_GROUPS: Final = {Timeouts: "timeouts", Limits: "limits", TLS: "tls"}
_TWOFOLD: Final = "PYRO_COMMTIMEOUT"
"""Means one thing to a client and another to a server."""
_ROLES: Final[Mapping[str, type[FromOutside]]] = {"client": ClientSettings, "server": ServerSettings}
_SUFFIXES: Final = {"_s": "seconds", "_bytes": "bytes", "_chars": "characters"}
_UNITS: Final = {
    "max_retries": "repetitions",
    "processes": "processes",
    "threads": "threads",
    "min_threads": "threads",
    "max_connections": "connections",
    "max_connections_per_peer": "connections",
    "max_handshakes": "connections",
    "max_handshakes_per_peer": "connections",
    "max_batch_calls": "calls",
    "max_calls": "calls",
    "max_calls_in_flight": "calls",
    "max_calls_waiting": "calls",
    "max_calls_per_s": "calls a second",
    "max_streams": "streams",
    "max_streams_per_connection": "streams",
    "max_tracked": "objects",
    "max_oneway_queue": "calls",
    "max_kept_answers": "answers",
    "rate_per_s": "requests a second",
    "burst": "requests",
    "connections_per_daemon": "connections",
    "max_daemons": "daemons",
    "access_log_sample": "share of the calls",
}
"""Of numbers whose name does not end with the unit."""
_PORT: Final = re.compile(r"(\w+_)?(nat)?port")


def up_to_date(text: str) -> str:
    """The page with its tables made anew.

    Raises:
        LookupError: If it has a table too many or too few, or a class cannot be described.
    """
    places = [place for _, place in _PLACE.findall(text)]
    if sorted(places) != sorted(CLASSES):
        raise LookupError(f"{PAGE} has tables of {places}, expected one of each of {list(CLASSES)}")
    return _PLACE.sub(
        lambda found: found[1] + "".join(f"{line}\n" for line in table(CLASSES[found[2]])), text
    )


def table(kind: type) -> Iterator[str]:
    """The lines of one class's table.

    Raises:
        LookupError: If a field has no meaning in the docstring, or a number has no unit.
    """
    variables = variables_of(kind)
    meanings = meanings_of(kind)
    yield f"| setting{', environment variable' * bool(variables)} | default | unit or values | meaning |"
    yield f"|{'---|' * 4}"
    for field in fields(kind):
        names = "<br>".join([f"`{field.name}`", *variables.get(field.name, ())])
        yield f"| {names} | {default_of(field)} | {unit_of(field)} | {meanings[field.name]} |"


def variables_of(kind: type) -> dict[str, list[str]]:
    """Field -> variables that set it, in Markdown; for groups with the side that it is for."""
    found: dict[str, list[str]] = {}
    if kind in _GROUPS:
        for role, settings in _ROLES.items():
            for variable, (name, _) in settings._VARIABLES.items():
                group, _, inner = name.partition(".")
                if group == _GROUPS[kind] and inner:
                    on_both = all(variable in each._VARIABLES for each in _ROLES.values())
                    told = f"`{variable}`" if on_both and variable != _TWOFOLD else f"`{variable}` ({role})"
                    found[inner] = [*dict.fromkeys([*found.get(inner, ()), told])]
    for variable, (name, _) in getattr(kind, "_VARIABLES", {}).items():
        found.setdefault(name, []).append(f"`{variable}`")
    return found


def meanings_of(kind: type) -> dict[str, str]:
    """Field -> what the docstring says about it, in Markdown."""
    doc = inspect.getdoc(kind) or ""
    part = re.split(r"\n\n(?=\S)", doc.partition("Attributes:\n")[2])[0]
    entries = re.findall(r"^    (\w+): (.*(?:\n        .*)*)", part, re.MULTILINE)
    return {name: " ".join(text.split()).replace("``", "`") for name, text in entries}


def default_of(field: "Field[Any]") -> str:
    """A default as it stands in a settings file."""
    if field.default is MISSING:
        return f"[below](#{field.name})"
    if field.default is None:
        return "none"
    value = sorted(field.default) if isinstance(field.default, frozenset) else field.default
    return f"`{json.dumps(value)}`"


def unit_of(field: "Field[Any]") -> str:
    """What a value counts or is."""
    by_suffix = [unit for suffix, unit in _SUFFIXES.items() if field.name.endswith(suffix)]
    unit = _UNITS.get(field.name) or (by_suffix[0] if by_suffix else "")
    if _PORT.fullmatch(field.name):
        return "port number"
    if not unit and field.type in (int, float) and field.name != "prefer_ip_version":
        raise LookupError(f"{field.name} is a number without a unit: add it to _UNITS in {__file__}")
    if unit:
        return unit
    try:
        return _allowed(field)
    except KeyError:  # of a type that no file can give
        return ""


def _allowed(field: "Field[Any]") -> str:
    kind = kind_of(field)
    try:
        kind.of_value(object())
    except ValueError as allowed:
        return str(allowed)
    raise LookupError(f"{field.name} takes anything")


if __name__ == "__main__":
    PAGE.write_text(up_to_date(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
