"""The guide to the name server as a service: its commands, options, files and variables exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pyro_cli.main import cli
from pyro_core.settings import NameServerSettings
from pyro_nameserver.configuration import load

GUIDE = (Path(__file__).parent.parent / "docs/guides/name-server-as-a-service.md").read_text(encoding="utf8")


def blocks(language: str) -> list[str]:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    return found


def commands() -> Iterator[str]:
    for block in blocks("sh"):
        yield from (line for line in block.splitlines() if line.startswith("pyro-cli "))


@pytest.mark.parametrize("line", list(commands()))
def test_every_command_is_one_that_pyro_cli_takes(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "names.jsonl").touch()
    command, words = cli, shlex.split(line)[1:]
    context = click.Context(cli)
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert name is not None
        assert found is not None
        command = found  # type: ignore[assignment]
    with command.make_context("command", list(words)):
        pass


def test_the_file_is_a_configuration(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    path = tmp_path / "nameserver.toml"
    path.write_text(text)
    found = load(str(path), environ={})
    assert found.nameserver.log_format == "json"
    assert found.server.timeouts.drain_s == 20.0
    assert len(found.nameserver_sources) + len(found.server_sources) == text.count(" = ")


def test_the_table_has_variables_and_settings_that_belong_together() -> None:
    rows = re.findall(r"^\| (`PYRO_.*?) \| (.*?) \|$", GUIDE, re.MULTILINE)
    known = {variable: name for variable, (name, _) in NameServerSettings._VARIABLES.items()}
    told = {}
    for variables, settings in rows:
        names = re.findall(r"`(\w+)`", settings.partition(":")[0])
        told.update(zip(re.findall(r"`(\w+)`", variables), names, strict=True))
    assert told.items() <= known.items()
    secrets = {variable for variable in known if variable.endswith(("_TOKENS", "_IDENTITIES"))}
    assert known.keys() - told.keys() == secrets
