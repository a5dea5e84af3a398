"""The commands that come with ``pyro-cli`` itself."""

import json

import pytest

from pyro_cli import exit_codes
from pyro_cli.main import main


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == exit_codes.OK
    return capsys.readouterr().out


def test_version_names_packages_python_and_protocols(capsys: pytest.CaptureFixture[str]) -> None:
    assert "pyro-core" in output(capsys, "version")
    facts = json.loads(output(capsys, "version", "--json"))
    assert {"pyro-core", "pyro-cli"} <= facts["packages"].keys()
    assert facts["protocols"] == [502, 48]


def test_config_tells_where_each_value_came_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYRO_SERIALIZER", "json")
    facts = json.loads(output(capsys, "config", "show", "--json"))
    assert facts["client"]["serializer"] == {"value": "json", "source": "PYRO_SERIALIZER"}
    assert facts["server"]["port"] == {"value": 0, "source": "default"}
    assert "PYRO_SERIALIZER" in output(capsys, "config", "show")


def test_a_bad_setting_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYRO_NS_PORT", "ninety")
    assert main(["config", "show"]) == exit_codes.USAGE
    assert "PYRO_NS_PORT='ninety'" in capsys.readouterr().err


def test_plugins_are_listed_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    names = json.loads(output(capsys, "plugins", "list", "--json"))
    assert {"config", "plugins", "version"} <= set(names["commands"])
    assert "commands" in output(capsys, "plugins", "list")


def test_what_is_installed_here_passes_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(output(capsys, "plugins", "check", "--json"))
    assert all(row["ok"] for row in rows if row["kind"] == "commands")
    assert "version" in output(capsys, "plugins", "check")
