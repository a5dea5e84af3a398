"""Flame between real processes, and its console in a real terminal."""

import logging
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import processes
import pytest
from terminals import CLI, PROMPT, TMUX, Terminal

from pyro_core import ClientSettings, ConnectionRejected, SecurityError
from pyro_core.identity import Principal
from pyro_flame import Policy, RemoteFlame, connect, start
from pyro_server import AllowMethods, Daemon, Tokens

SERVE = [*CLI, "flame", "serve", "--port", "0"]
EXAMPLE = """
import sys
from pyro_flame import connect

with connect(sys.argv[1]) as flame:
    print("cwd:", flame.module("os").getcwd())
    print("platform:", flame.module("sys").platform)
    print("max:", flame.builtin("max")([3, 9, 5]))
    flame.execute("import math")
    print("evaluated:", flame.evaluate("math.sqrt(81)"))
    flame.sendmodule("sent.stuff", "def double(x):\\n    return 2 * x\\n")
    print("sent module:", flame.module("sent.stuff").double(21))
    print("its source:", "def dumps" in flame.getmodule("json"))
    with flame.console() as console:
        console.interact()
"""


@pytest.fixture(scope="module")
def everything() -> Iterator[str]:
    """Location of a server that allows everything."""
    with processes.running([*SERVE, "--everything"]) as server:
        yield processes.wait_for(server, "uri = ").rpartition("@")[2]


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    folder = tmp_path_factory.mktemp("t")
    if TMUX is None:
        pytest.skip("tmux is not installed (apt-get install tmux)")
    made = Terminal(folder, {"PYROCLI_HOME": str(folder / "home"), "HERE": str(folder)})
    try:
        made.wait(PROMPT.strip())
        yield made
    finally:
        made.close()


def test_the_example_in_a_terminal(terminal: Terminal, everything: str, tmp_path: Path) -> None:
    program = tmp_path / "example.py"
    program.write_text(EXAMPLE, encoding="utf8")
    terminal.line(f"{sys.executable} {program} {everything}; echo code $?")
    screen = terminal.wait("cwd: /", "max: 9", "evaluated: 9.0", "sent module: 42", "its source: True", ">>>")
    assert f"(Remote console on {everything})" in screen
    terminal.line("from sent.stuff import double; double(4)")
    terminal.wait("\n8\n>>>")
    terminal.keys("C-d")
    terminal.wait("(Remote session ended)", "code 0")


def test_a_console_in_a_terminal(terminal: Terminal, everything: str) -> None:
    terminal.line(f"pyro-cli flame console {everything}; echo code $?")
    terminal.wait("(Remote console on", ">>>")
    for line in ("def treble(x):", "    return 3 * x", ""):
        terminal.type(line)
        terminal.keys("Enter")
    terminal.line("treble(14)")
    terminal.wait("\n42\n>>>")
    terminal.keys("C-l")
    terminal.type("treb")
    terminal.keys("Tab")
    terminal.wait(">>> treble(")
    terminal.type("5)")
    terminal.keys("Enter")
    terminal.wait("\n15\n>>>")
    terminal.keys("Up")
    terminal.wait("\n>>> treble(5)")
    terminal.keys("Enter")
    terminal.wait("15\n>>> treble(5)\n15\n>>>")
    terminal.line("print('ke' + 'pt')")
    terminal.wait("\nkept\n>>>")
    terminal.keys("C-d")
    terminal.wait("(Remote session ended)", "code 0")
    terminal.line(f"pyro-cli shell --flame {everything}; echo code $?")
    terminal.wait("(Remote console on", ">>>")
    terminal.keys("Up")  # it remembers the lines of earlier times
    terminal.wait(">>> print('ke' + 'pt')")
    terminal.keys("Enter")
    terminal.wait("\nkept\n>>>")
    terminal.keys("C-d")
    terminal.wait("(Remote session ended)", "code 0")


def test_ctrl_c_interrupts_what_runs_over_there(terminal: Terminal, everything: str) -> None:
    terminal.line(f"pyro-cli flame console {everything}; echo code $?")
    terminal.wait("(Remote console on", ">>>")
    terminal.line("for number in range(10**12): _ = number or print('run' + 'ning')")
    terminal.keys("Enter")
    terminal.wait("\nrunning")  # while it still runs
    terminal.keys("C-c")
    terminal.wait("\nKeyboardInterrupt\n>>>")
    terminal.line("number > 0")
    terminal.wait("True\n>>>")
    terminal.line("if True:")
    terminal.wait("\n...")
    terminal.keys("C-c")  # forgets what was typed
    terminal.wait("KeyboardInterrupt\n>>>")
    terminal.line("'al' + 'ive'")
    terminal.wait("'alive'\n>>>")
    terminal.line("exit()")
    terminal.wait("(Remote session ended)", "code 0")


def test_what_does_not_stop_can_be_left(terminal: Terminal, everything: str) -> None:
    terminal.line(f"pyro-cli flame console {everything}; echo code $?")
    terminal.wait("(Remote console on", ">>>")
    terminal.line("import threading; print('wait' + 'ing'); threading.Event().wait(600)")
    terminal.wait("\nwaiting")
    terminal.press_until("C-c", "once more leaves it")
    terminal.keys("C-c")
    terminal.wait("(Remote session ended)", "code 0")


def test_commands(everything: str, tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    here.write_bytes(b"some" * 300_000)
    done = processes.run([*CLI, "flame", "put", everything, here, there])
    assert (done.stdout, done.stderr) == (f"{there}: 1200000 bytes\n", "")
    assert there.read_bytes() == here.read_bytes()
    back = tmp_path / "back"
    back.mkdir()
    processes.run([*CLI, "flame", "get", everything, there, back])
    assert (back / "there").read_bytes() == here.read_bytes()
    done = processes.run(
        [*CLI, "flame", "run", everything, "-"], typed="for n in range(2):\n    print('n', n)\n"
    )
    assert done.stdout == "n 0\nn 1\n"
    done = processes.run([*CLI, "shell", "--flame", everything, "-c", "print('x'); 1/0"], check=False)
    assert (done.returncode, done.stdout) == (6, "x\n")
    assert "ZeroDivisionError" in done.stderr


def test_a_progress_bar_on_a_terminal(everything: str, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(5_000_000))
    leader, follower = pty.openpty()
    command = [*CLI, "flame", "get", everything, str(large), str(tmp_path / "back")]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=follower, env=processes.environment(), check=True, timeout=30
    )
    os.close(follower)
    shown = b""
    try:
        while piece := os.read(leader, 1 << 16):
            shown += piece
    except OSError:
        pass  # what Linux says at the end of it
    os.close(leader)
    assert done.stdout.endswith(b"back: 5000000 bytes\n")
    assert re.search(rb"large.*(100%|5\.0/5\.0 MB)", shown, re.S)


def test_each_denied_thing_says_what_would_allow_it(tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    (allowed / "link").symlink_to(tmp_path)
    policy = ["--calls", "platform", "--get-files", str(allowed), "--send-files", str(allowed)]
    with processes.running([*SERVE, *policy]) as server:
        location = processes.wait_for(server, "uri = ").rpartition("@")[2]
        with connect(location, ClientSettings()) as flame:
            assert flame.module("platform").python_version().startswith("3.")
            flame.sendfile("in-here", b"data")
            assert flame.getfile(str(allowed / "in-here")) == b"data"
            for attempt, remedy in (
                (lambda: flame.module("os"), "Policy(calls=['os'])"),
                (lambda: flame.builtin("eval")("1"), "Policy(calls=['builtins.eval'])"),
                (lambda: flame.module("platform")._sys_version, 'Policy(calls=["*"])'),
                (lambda: flame.evaluate("1"), "Policy(code=True)"),
                (lambda: flame.execute("1"), "Policy(code=True)"),
                (lambda: flame.sendmodule("x", ""), "Policy(send_modules=True)"),
                (lambda: flame.getmodule("json"), "Policy(get_modules=True)"),
                (flame.console, "Policy(console=True)"),
                (lambda: flame.getfile("/etc/passwd"), "Policy(get_files=[...])"),
                (lambda: flame.getfile("../in-here"), "Policy(get_files=[...])"),
                (lambda: flame.sendfile("link/outside", b""), "Policy(send_files=[...])"),
            ):
                with pytest.raises(Exception, match="not allowed by the policy of this server") as caught:
                    attempt()
                assert f"{remedy} there would allow it" in str(caught.value)
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "this allows nothing"),
        (
            ["--everything", "--host", "0.0.0.0"],
            "flame does not start on .*: everybody who reaches it could use it",
        ),
    ],
)
def test_it_does_not_serve(options: list[str], reason: str) -> None:
    done = processes.run([*SERVE, *options], check=False)
    assert done.returncode != 0
    assert re.search(reason, done.stderr)


def test_it_warns_loudly() -> None:
    errors = subprocess.PIPE
    command = [*SERVE, "--console"]
    with subprocess.Popen(
        command, stderr=errors, stdout=errors, env=processes.environment(), text=True
    ) as server:
        try:
            assert server.stderr is not None
            assert "can run any code here" in server.stderr.readline()
        finally:
            server.terminate()


def test_who_may_use_it_is_decided_by_role_and_logged(tmp_path: Path) -> None:
    """By the daemon's authorizer, and by the policy that a function gives for a principal."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("pyro_server.access")
    tokens = Tokens({"anna": "a-token", "ben": "b-token", "carl": "c-token"}, roles={"anna": ["admin"]})
    table = AllowMethods({"role:admin": {"Pyro.Flame*": ["*"]}, "ben": {"Pyro.Flame": ["module", "call"]}})

    def policy(principal: Principal) -> Policy:
        return Policy.everything() if "admin" in principal.roles else Policy(calls=["platform"])

    with Daemon(host="127.0.0.1", authenticate=[tokens], authorize=table) as daemon:
        start(daemon, policy)
        daemon.start()
        logger.addHandler(handler)
        level = logger.level
        logger.setLevel(logging.INFO)
        try:
            with known(daemon, "a-token") as anna, anna.console() as console:
                assert console.push("6 * 7") == ("42\n", False)
                assert anna.module("os").getpid() == os.getpid()
            with known(daemon, "b-token") as ben:
                assert ben.module("platform").machine()
                with pytest.raises(
                    SecurityError, match=r"not authorized: ben \(token\) may not call 'console'"
                ):
                    ben.console()
                with pytest.raises(SecurityError, match="not allowed by the policy"):
                    ben.builtin("open")("x")
            with (
                known(daemon, "c-token") as carl,
                pytest.raises(ConnectionRejected, match="not authorized: carl"),
            ):
                carl.module("platform")
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)
    said = "\n".join(lines)
    assert re.search("flame: principal='anna' .* act='console' what='6 \\* 7'", said)
    assert re.search("flame: principal='anna' .* act='call' what='os.getpid'", said)
    assert re.search("denied: principal='ben' .* act='call' what='builtins.open'", said)


def known(daemon: Daemon, token: str) -> RemoteFlame:
    return connect(f"PYRO:Pyro.Flame@{daemon.location}", ClientSettings(token=token))
