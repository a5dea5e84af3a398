"""``pyro-cli`` in a real terminal: help, completion, tables, watch, top, and the prompt of the shell."""

from collections.abc import Iterator

import processes
import pytest
from terminals import CLI, PROMPT, TMUX, Terminal

pytestmark = pytest.mark.skipif(TMUX is None, reason="tmux is not installed (apt-get install tmux)")


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal whose ``pyro-cli`` knows a name server with the echo server."""
    folder = tmp_path_factory.mktemp("t")
    with processes.running([*CLI, "ns", "serve", "--port", "0", "--nobc"]) as name_server:
        location = processes.wait_for(name_server, "PYRO:Pyro.NameServer@").rpartition("@")[2]
        host, _, port = location.rpartition(":")
        env = {"PYRO_NS_HOST": host, "PYRO_NS_PORT": port, "PYROCLI_HOME": str(folder / "home")}
        with processes.running([*CLI, "echo", "serve", "--port", "0", "--name-server"], env=env) as server:
            processes.wait_for(server, "running")
            made = Terminal(folder, env)
            try:
                made.wait(PROMPT.strip())
                yield made
            finally:
                made.close()


def test_help(terminal: Terminal) -> None:
    terminal.line("pyro-cli --help")
    terminal.wait("Look at, call and serve remote Python objects.", "doctor", "Example: pyro-cli ns list")
    terminal.line("pyro-cli call --help")
    terminal.wait(
        "Usage: pyro-cli call [OPTIONS] TARGET METHOD [ARGS]...", "--limit", "Example: pyro-cli call"
    )


def test_completion_of_commands_names_and_members(terminal: Terminal) -> None:
    terminal.line('eval "$(pyro-cli completion bash)"; echo com""plete')
    terminal.wait("complete\n")
    terminal.keys("C-l")
    for typed, completed in (
        ("pyro-cli desc", "pyro-cli describe"),
        ("test.ec", "pyro-cli describe test.echoserver"),
    ):
        terminal.type(typed)
        terminal.keys("Tab")
        terminal.wait(completed)
    terminal.forget_line()
    terminal.type("pyro-cli call test.echoserver oneway_")
    terminal.keys("Tab", "Tab")
    terminal.wait("oneway_echo", "oneway_slow")
    terminal.forget_line()


def test_a_table(terminal: Terminal) -> None:
    terminal.line("pyro-cli config show client.ns")
    screen = terminal.wait("client.ns_broadcast_port", "PYRO_NS_PORT", "\n" + PROMPT.strip())
    header = next(line for line in screen.splitlines() if "SOURCE" in line)
    row = next(line for line in screen.splitlines() if "client.ns_port" in line)
    assert row.index("PYRO_NS_PORT") == header.index("SOURCE")
    terminal.line("echo code $(pyro-cli call test.echoserver nix 2>&1 | wc -l) ${PIPESTATUS[0]}")
    terminal.wait("code 1 0")


def test_watch_goes_on_until_ctrl_c(terminal: Terminal) -> None:
    terminal.line("pyro-cli watch test.echoserver verbose --interval 0.1; echo code $?")
    terminal.wait("CHANGE", "first")
    assert "code" not in terminal.screen().replace("echo code $?", "")
    terminal.keys("C-c")
    terminal.wait("code 130")


def test_top_draws_its_table_again_and_again(terminal: Terminal) -> None:
    terminal.line("pyro-cli top test.echoserver PYRO:x@127.0.0.1:1 --interval 0.1; echo code $?")
    terminal.wait("2 objects", "MEDIAN MS", "test.echoserver", "down")
    screen = terminal.wait("Ctrl-C ends")
    assert screen.count("MEDIAN MS") == 1
    terminal.keys("C-c")
    terminal.wait("code 130")


def test_the_shell_completes_remote_members_and_remembers_lines(terminal: Terminal) -> None:
    terminal.line("pyro-cli shell echo=test.echoserver; echo code $?")
    terminal.wait("Tab completes remote members", ">>>")
    terminal.type("echo.ec")
    terminal.keys("Tab")
    terminal.wait("echo.echo(")
    terminal.type("'a' + 'b')")
    terminal.keys("Enter")
    terminal.wait("'ab'")
    terminal.keys("C-d")
    terminal.wait("code 0")
    terminal.line("pyro-cli shell echo=test.echoserver; echo again $?")
    terminal.wait("Tab completes remote members", ">>>")
    terminal.keys("Up")
    terminal.wait(">>> echo.echo('a' + 'b')")
    terminal.keys("C-c")
    terminal.keys("C-d")
    terminal.wait("again 0")
