"""The guide to the HTTP gateway: its programs run, its sessions print what it says, its files are right."""

import doctest
import os
import re
import shlex
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import processes
import pytest

from pyro_cli.main import cli
from pyro_core.identity import ANONYMOUS, Credentials
from pyro_http.problems import TITLES
from pyro_http.settings import GatewaySettings

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs/guides/http-gateway.md").read_text(encoding="utf8")
CLI = [sys.executable, "-m", "pyro_cli"]
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def test_sessions_print_what_the_guide_says(tmp_path: Path) -> None:
    (program,) = blocks("python shop.py")
    (tmp_path / "shop.py").write_text(program)
    with processes.running([*CLI, "ns", "serve", "--port", "0", "--nobc"]) as name_server:
        location = processes.wait_for(name_server, "PYRO:Pyro.NameServer@").rpartition("@")[2]
        host, _, port = location.rpartition(":")
        env = {"PYRO_NS_HOST": host, "PYRO_NS_PORT": port}
        with (
            processes.running([sys.executable, str(tmp_path / "shop.py")], env=env) as shop,
            processes.running([*CLI, "gateway", "serve", "--console", "--port", "0"], env=env) as gateway,
        ):
            processes.wait_for(shop, "running")
            url = processes.wait_for(gateway, "Pyro HTTP gateway on ").rpartition(" ")[2]
            assert processes.wait_for(gateway, "Console: ") == f"Console: {url}/console/"
            played(url)
            if shutil.which("node"):
                (script,) = blocks("js")
                command = ["node", "--input-type=module", "-e", script]
                assert processes.run(command, env={"GATEWAY": url}).stdout.strip() == "200 988"


def played(url: str) -> None:
    checker = doctest.OutputChecker()
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            typed, _, wanted = part.partition("\n")
            shown = processes.run(["bash", "-c", typed], env={"GATEWAY": url}).stdout
            assert checker.check_output(wanted.strip(), shown.strip(), LOOSE), f"$ {typed}\n{shown}"


def test_who_may_do_what_is_decided_as_for_daemons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tokens.toml").write_text('[ann]\ntoken = "a-token"\nroles = ["staff"]\n')
    (code,) = blocks("python allowed")
    space: dict[str, Any] = {"__name__": "guide"}
    exec(compile(code, "guide", "exec"), space)
    ann = space["tokens"].authenticate(Credentials({"token": "a-token"}))
    decisions = [
        space["permissions"].authorize(who, "http.shop", member, "call").allowed
        for who in (ann, ANONYMOUS)
        for member in ("prices", "take")
    ]
    assert decisions == [True, True, True, False]


def commands() -> list[str]:
    lines = "\n".join(blocks("sh")).splitlines()
    return [line for line in lines if line.startswith("pyro-cli ")]


@pytest.mark.parametrize("line", commands())
def test_commands_are_ones_that_pyro_cli_takes(line: str) -> None:
    command, words = cli, shlex.split(line)[1:]
    context = click.Context(cli)
    while isinstance(command, click.Group):
        _, found, words = command.resolve_command(context, words)
        assert found is not None
        command = found  # type: ignore[assignment]
    with command.make_context("command", list(words)):
        pass


def test_the_file_is_a_configuration() -> None:
    (text,) = blocks("toml")
    table = tomllib.loads(text)["gateway"]
    assert GatewaySettings.from_mapping(table).max_streams == 50


def test_every_type_of_problem_is_in_the_table_with_its_status() -> None:
    rows = re.findall(r"^\| (\d[\d, ]*) \| (.*?) \|$", GUIDE, re.MULTILINE)
    told = {}
    for statuses, kinds in rows:
        for kind in re.findall(r"`([a-z-]+)`", kinds):
            told[kind] = {int(one) for one in statuses.split(", ")}
    assert told.keys() == TITLES.keys()
    assert all(TITLES[kind][0] in statuses for kind, statuses in told.items())


def test_pictures_are_there_and_small() -> None:
    for path in re.findall(r"!\[.*?\]\((.*?)\)", GUIDE):
        assert os.path.getsize(ROOT / "docs/guides" / path) < 200_000
