"""Defaults, file, variables, options: which goes before which, and how that is told."""

from pathlib import Path
from typing import Any

import pytest

from pyro_core.errors import SettingsError
from pyro_nameserver.configuration import Configuration, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ns.toml"
    path.write_text('[nameserver]\nport = 1\nhost = "a"\nadmin = "9099"\n[server.timeouts]\ndrain_s = 3\n')
    return path


def row(configuration: Configuration, name: str, table: str = "nameserver") -> tuple[Any, str]:
    (found,) = [row for row in configuration.rows() if (row["table"], row["name"]) == (table, name)]
    return found["value"], found["source"]


def test_options_go_before_variables_and_those_before_the_file_and_that_before_defaults(file: Path) -> None:
    environ = {"PYRO_NS_PORT": "2", "PYRO_HOST": "b"}
    found = load(str(file), environ=environ, options={"port": (3, "--port")})
    assert row(found, "port") == (3, "--port")
    assert row(found, "host") == ("b", "PYRO_HOST")
    assert row(found, "admin") == ("9099", f"[nameserver] in {file}")
    assert row(found, "storage") == ("memory", "default")
    assert row(found, "timeouts.drain_s", "server") == (3.0, f"[server] in {file}")
    assert found.nameserver.port == 3
    assert found.server.timeouts.drain_s == 3.0


def test_a_variable_names_the_file_unless_an_option_does(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[nameserver]\nport = 7\n")
    environ = {"PYRO_NS_CONFIG": str(other)}
    assert load(environ=environ).nameserver.port == 7
    assert load(str(file), environ=environ).nameserver.port == 1


def test_names_are_kept_in_the_state_directory_of_a_service_unless_something_else_says(file: Path) -> None:
    environ = {"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}
    assert row(load(environ=environ), "storage") == ("sqlite:/var/lib/a/names.sqlite", "STATE_DIRECTORY")
    environ["PYRO_NS_STORAGE"] = "memory"
    assert row(load(environ=environ), "storage") == ("memory", "PYRO_NS_STORAGE")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[nameservr]\n", "unknown table or setting 'nameservr' in .*; did you mean 'nameserver'"),
        (
            "port = 1\n",
            r"unknown table or setting 'port' in .*; did you mean 'port' in the table \[nameserver\]",
        ),
        ("[nameserver]\nprot = 1\n", r"unknown setting 'prot' in \[nameserver\] in .*; did you mean 'port'"),
        (
            "[nameserver]\nport = 'x'\n",
            r"port = 'x' in \[nameserver\] in .* cannot be used: expected a whole",
        ),
        ("[server]\nport = 1\n", r"'port' in \[server\] in .* has no effect: write it in \[nameserver\]"),
        ("nameserver = 1\n", r"\[nameserver\] in .* must be a table, got 1"),
        ("[nameserver\n", "is not valid TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_told(text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "ns.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=problem):
        load(str(path), environ={})


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read the configuration .*none\.toml: No such file"):
        load(str(tmp_path / "none.toml"), environ={})


@pytest.mark.parametrize(
    ("storage", "shown"),
    [
        ("postgres:postgresql://me:secret@db/names", "postgres:postgresql://me:********@db/names"),
        ("postgres:host=db password='a b' user=me", "postgres:host=db password=******** user=me"),
        ("sqlite:/a/b", "sqlite:/a/b"),
    ],
)
def test_a_password_in_the_storage_is_not_shown(storage: str, shown: str) -> None:
    assert row(load(environ={"PYRO_NS_STORAGE": storage}), "storage") == (shown, "PYRO_NS_STORAGE")
