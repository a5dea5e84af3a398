"""The reference of the command line: its sessions are typed, and what is printed is what it says."""

import doctest
import os
import re
import shlex
import sys
from contextlib import ExitStack
from pathlib import Path

import click
import processes

from pyro_cli.main import cli

ROOT = Path(__file__).parent.parent
CLI = [sys.executable, "-m", "pyro_cli"]
REFERENCE = (ROOT / "docs/reference/command-line.md").read_text(encoding="utf8")
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def session() -> list[tuple[str, str]]:
    """What is typed and what is printed, of all sessions one after the other."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", REFERENCE, re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            typed, _, printed = part.partition("\n")
            found.append((typed, printed))
    return found


def test_what_is_typed_prints_what_the_reference_says(tmp_path: Path) -> None:
    (program,) = re.findall(r"^```python shop\n(.*?)^```$", REFERENCE, re.M | re.S)
    (tmp_path / "shop.py").write_text(program, encoding="utf8")
    command = tmp_path / "bin" / "pyro-cli"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.join(CLI)} "$@"\n')
    command.chmod(0o755)
    with processes.running([*CLI, "ns", "serve", "--port", "0", "--nobc"]) as name_server:
        location = processes.wait_for(name_server, "PYRO:Pyro.NameServer@").rpartition("@")[2]
        host, _, port = location.rpartition(":")
        env = {
            "PYRO_NS_HOST": host,
            "PYRO_NS_PORT": port,
            "PYROCLI_HOME": str(tmp_path / "home"),
            "PATH": os.pathsep.join([str(command.parent), os.environ["PATH"]]),
        }
        played(tmp_path, env)


def played(folder: Path, env: dict[str, str]) -> None:
    checker = doctest.OutputChecker()
    with ExitStack() as servers:
        for line, wanted in session():
            if line.endswith(" &"):
                command = line.removesuffix(" &")
                start = ["bash", "-c", f"cd {shlex.quote(str(folder))} && exec {command}"]
                server = servers.enter_context(processes.running(start, env=env))
                assert server.stdout is not None
                printed = "".join(server.stdout.readline() for _ in wanted.splitlines())
                assert checker.check_output(wanted, printed, LOOSE), printed
        # What a context says is overridden by the environment: its examples get none.
        without = {"PYRO_NS_HOST", "PYRO_NS_PORT"}
        last_code = 0
        for typed, wanted in session():
            if typed.endswith(" &"):
                continue
            own = {k: v for k, v in env.items() if k not in without or not re.search("context|config", typed)}
            script = f"cd {shlex.quote(str(folder))}; (exit {last_code}); {typed}"
            done = processes.run(["bash", "-c", script], env=own, check=False)
            last_code = done.returncode
            shown = done.stdout + done.stderr
            assert checker.check_output(wanted, shown, LOOSE), f"$ {typed}\n{shown}"


def paths(group: click.Group, context: click.Context, before: str) -> list[str]:
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        path = f"{before} {name}"
        found += paths(command, context, path) if isinstance(command, click.Group) else [path]
    return found


def test_every_command_is_documented() -> None:
    texts = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("packages/*/README.md")]
    everything = "\n".join(text.read_text(encoding="utf8") for text in texts)
    with click.Context(cli) as context:
        missing = [path for path in paths(cli, context, "pyro-cli") if path not in everything]
    assert missing == []


def test_the_exit_codes_are_documented() -> None:
    from pyro_cli import exit_codes

    table = (ROOT / "docs/reference/exit-codes.md").read_text(encoding="utf8")
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.M)}
    assert told == {
        value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)
    }
