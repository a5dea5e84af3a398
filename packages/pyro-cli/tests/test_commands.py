"""The commands that come with ``pyro-cli`` itself."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from pyro_cli import exit_codes
from pyro_cli.main import cli, main


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configuration folder."""
    for name in [name for name in os.environ if name.startswith("PYRO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYROCLI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == exit_codes.OK
    return capsys.readouterr().out


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(output(capsys, *arguments, "--json"))


def test_version_names_packages_python_and_protocols(capsys: pytest.CaptureFixture[str]) -> None:
    found = {row["name"]: row["version"] for row in listed(capsys, "version")}
    assert {"pyro-core", "pyro-cli", "python"} <= found.keys()
    assert found["protocols"] == "502, 48"
    assert "pyro-core" in output(capsys, "version", "-f", "name").split()
    assert output(capsys, "--version") == f"pyro-cli, version {found['pyro-cli']}\n"


def test_config_tells_where_each_value_came_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYRO_SERIALIZER", "json")
    main(["context", "set", "there", "ns_host=names.example.org", "serializer=msgpack"])
    capsys.readouterr()
    rows = {row["name"]: (row["value"], row["source"]) for row in listed(capsys, "config", "show")}
    assert rows["client.serializer"] == ("json", "PYRO_SERIALIZER")
    assert rows["client.ns_host"] == ("names.example.org", "context there")
    assert rows["server.port"] == (0, "default")
    assert output(capsys, "config", "show", "client.serializer", "-f", "tsv") == (
        "name\tvalue\tsource\nclient.serializer\tjson\tPYRO_SERIALIZER\n"
    )


def test_a_bad_setting_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYRO_NS_PORT", "ninety")
    assert main(["config", "show"]) == exit_codes.USAGE
    assert "PYRO_NS_PORT='ninety'" in capsys.readouterr().err


def test_config_path_tells_the_files(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    facts = {"folder": str(home), "contexts": str(home / "contexts.toml"), "exists": False, "context": None}
    assert listed(capsys, "config", "path") == facts


def test_plugins_are_listed_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(row["kind"], row["name"]) for row in listed(capsys, "plugins", "list")]
    assert {("commands", "config"), ("commands", "plugins"), ("commands", "version")} <= set(rows)
    assert "gen.completion" in output(capsys, "plugins", "list", "-f", "name").split()


def test_what_is_installed_here_passes_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    rows = listed(capsys, "plugins", "check")
    assert all(row["ok"] for row in rows if row["kind"] == "commands")
    assert "version" in output(capsys, "plugins", "check")


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "complete -o nosort -F _pyro_cli_completion pyro-cli"),
        ("zsh", "compdef _pyro_cli_completion pyro-cli"),
        ("fish", "complete --no-files --command pyro-cli"),
    ],
)
@pytest.mark.parametrize("command", [["completion"], ["gen", "completion"]])
def test_completion_scripts_are_printed(
    capsys: pytest.CaptureFixture[str], command: list[str], shell: str, line: str
) -> None:
    script = output(capsys, *command, shell)
    assert line in script
    assert "_PYRO_CLI_COMPLETE" in script


def test_completion_for_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "cmd"]) == exit_codes.USAGE
    assert "'cmd' is not one of 'bash', 'zsh', 'fish'" in capsys.readouterr().err


def commands(group: click.Group, context: click.Context) -> list[click.Command]:
    found: list[click.Command] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append(command)
        if isinstance(command, click.Group):
            found += commands(command, context)
    return found


def test_the_help_of_every_command_has_an_example() -> None:
    with click.Context(cli) as context:
        without = [each.name for each in commands(cli, context) if "Example: " not in (each.help or "")]
    assert without == []


def test_the_help_of_a_command_says_where_it_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Usage: pyro-cli context set [OPTIONS] NAME" in output(capsys, "context", "set", "--help")


def test_whoever_reads_the_output_may_stop() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "pyro_cli", "config", "show"]
    with open(writer, "wb") as pipe:
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (exit_codes.OUTPUT_CLOSED, "")
