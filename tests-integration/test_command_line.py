"""``pyro-cli`` as an operator uses it: real processes, their output and their exit codes."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import processes
import pytest

CLI = [sys.executable, "-m", "pyro_cli"]
ECHO = "PYRONAME:test.echoserver"

Environment = dict[str, str]


@pytest.fixture(scope="module")
def name_server() -> Iterator[Environment]:
    """The variables that lead to a name server started by ``pyro-cli ns serve``."""
    with processes.running([*CLI, "ns", "serve", "--port", "0", "--nobc"]) as process:
        location = processes.wait_for(process, "PYRO:Pyro.NameServer@").rpartition("@")[2]
        host, _, port = location.rpartition(":")
        yield {"PYRO_NS_HOST": host, "PYRO_NS_PORT": port}


@pytest.fixture(scope="module")
def echo(name_server: Environment) -> Iterator[Environment]:
    """The same, with the echo server registered there."""
    with processes.running(
        [*CLI, "echo", "serve", "--port", "0", "--name-server"], env=name_server
    ) as process:
        processes.wait_for(process, "running")
        yield name_server


def cli(env: Environment, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = processes.run([*CLI, *arguments], env=env, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_names_are_registered_listed_looked_up_and_removed(name_server: Environment) -> None:
    cli(name_server, "ns", "ping")
    cli(name_server, "ns", "register", "cli.a", "PYRO:a@localhost:4444", "--tag", "red")
    listed = json.loads(cli(name_server, "ns", "list", "cli.", "--json").stdout)
    assert "PYRO:a@localhost:4444" in json.dumps(listed)
    assert "PYRO:a@localhost:4444" in cli(name_server, "ns", "lookup", "cli.a").stdout
    cli(name_server, "ns", "remove", "cli.a")
    assert "cli.a" not in cli(name_server, "ns", "list").stdout


def test_an_unknown_name_is_one_line_and_code_3(name_server: Environment) -> None:
    """E8: errors do not end with exit code 0."""
    done = cli(name_server, "ns", "lookup", "nobody", code=3)
    hint = "see 'pyro-cli ns list' for the names there are"
    assert done.stderr == f"Error: NameNotFound: unknown name: nobody; {hint}\n"


def test_no_name_server_is_code_4_and_tells_what_was_tried() -> None:
    """E8. Discovery by broadcast is left out: nothing is to leave this machine."""
    done = cli({}, "ns", "list", "--host", "127.0.0.1", "--port", "1", code=4)
    assert "127.0.0.1:1" in done.stderr
    assert done.stderr.count("\n") == 1


def test_methods_are_called_with_typed_arguments(echo: Environment) -> None:
    assert cli(echo, "call", ECHO, "echo", "hello").stdout == "hello\n"
    assert json.loads(cli(echo, "call", ECHO, "echo", "{'a': [1, 2.5]}", "--json").stdout) == {"a": [1, 2.5]}
    assert cli(echo, "call", ECHO, "generator").stdout.split() == ["one", "two", "three"]


def test_a_remote_exception_is_one_line_and_code_6_and_whole_on_request(echo: Environment) -> None:
    done = cli(echo, "call", ECHO, "error", code=6)
    assert done.stderr.startswith("Error: remote ")
    assert done.stderr.count("\n") == 1
    whole = cli(echo, "--traceback", "call", ECHO, "error", code=6)
    assert "Remote traceback" in whole.stderr


def test_an_unknown_member_is_code_3(echo: Environment) -> None:
    assert "no exposed attribute or method 'teleport'" in cli(echo, "call", ECHO, "teleport", code=3).stderr


def test_an_object_is_described(echo: Environment) -> None:
    facts = json.loads(cli(echo, "describe", ECHO, "--json").stdout)
    assert {"echo", "error"} <= set(facts["methods"])
    assert facts["protocol"] == 502
    assert "echo" in cli(echo, "describe", ECHO).stdout


def test_a_bad_option_is_code_2(name_server: Environment) -> None:
    assert "No such option" in cli(name_server, "ns", "list", "--frobnicate", code=2).stderr


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_name_server_ends_well_when_told_to(sign: signal.Signals) -> None:
    with processes.running([*CLI, "ns", "serve", "--port", "0", "--nobc"]) as process:
        processes.wait_for(process, "URI = ")
        process.send_signal(sign)
        assert process.wait(processes.PATIENCE_S) == 0


def test_the_installed_command_is_the_same_program() -> None:
    command = Path(sys.executable).with_name("pyro-cli")  # where the environment has its commands
    done = subprocess.run([command, "version"], capture_output=True, text=True, check=True)
    assert "pyro-core" in done.stdout
