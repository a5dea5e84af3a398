"""A client and a daemon, on loopback."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pyro_core.errors import ConnectionRejected, DaemonError, SecurityError
from pyro_core.settings import ServerSettings
from pyro_flame import Policy, RemoteFlame, connect, start
from pyro_server import Daemon


@contextmanager
def flaming(*policy: Policy) -> Iterator[RemoteFlame]:
    settings = ServerSettings(host="127.0.0.1", port=0)
    with Daemon(settings) as daemon:
        start(daemon, *policy)
        daemon.start()
        with connect(daemon.location) as flame:
            yield flame


def test_without_a_policy_nothing_is_allowed() -> None:
    with flaming() as flame:
        for attempt in (
            lambda: flame.module("os"),
            lambda: flame.builtin("max")(1, 2),
            lambda: flame.evaluate("1"),
            lambda: flame.execute("x = 1"),
            lambda: flame.sendmodule("flame_x", ""),
            lambda: flame.getmodule("os"),
            lambda: flame.sendfile("x", b""),
            lambda: flame.getfile("/etc/passwd"),
            flame.console,
        ):
            with pytest.raises(SecurityError, match="not allowed by the policy"):
                attempt()


def test_it_is_off_unless_switched_on_and_switched_on_once() -> None:
    with Daemon(ServerSettings(host="127.0.0.1", port=0)) as daemon:
        daemon.start()
        with connect(daemon.location) as flame, pytest.raises(ConnectionRejected, match="unknown object"):
            flame.module("os")
        start(daemon)
        with pytest.raises(DaemonError):
            start(daemon)


def test_modules_and_builtins_that_are_listed() -> None:
    with flaming(Policy(calls={"os.getpid", "os.path", "builtins.max"})) as flame:
        module = flame.module("os")
        assert module.getpid() == os.getpid()
        assert module.path.join("a", "b") == flame.module("os.path").join("a", "b") == "a/b"
        assert flame.builtin("max")([3], key=None, default=1) == 3
        assert "'os' at 127.0.0.1:" in repr(module)
        with pytest.raises(SecurityError, match=r"os\.getcwd"):
            module.getcwd()
        with pytest.raises(SecurityError):
            flame.builtin("eval")("1")


def test_code_that_is_sent() -> None:
    with flaming(Policy(code=True)) as flame:
        flame.execute("import math\ndef root(x):\n    return math.sqrt(x)")
        assert flame.evaluate(" root(16) ") == 4
        with pytest.raises(ZeroDivisionError):
            flame.evaluate("1 // 0")
        assert flame.evaluate("__name__") == "__flame__"


def test_modules_that_are_sent_and_fetched(monkeypatch) -> None:
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    with flaming(Policy.everything()) as flame:
        flame.sendmodule("flame_sent.deep", "def double(x): return 2 * x")
        assert flame.module("flame_sent.deep").double(4) == 8
        assert "def flaming" not in flame.getmodule("json")
        with pytest.raises(ModuleNotFoundError):
            flame.module("no_such_module")


def test_files_both_ways(tmp_path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old and longer")
    with flaming(Policy(send_files=True, get_files=True)) as flame:
        flame.sendfile(str(path), b"\x00new")
        assert flame.getfile(str(path)) == path.read_bytes() == b"\x00new"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(FileNotFoundError):
            flame.getfile(str(tmp_path / "other"))


def test_a_console(monkeypatch, capsys) -> None:
    lines = iter(["x = 20", "x + 1", "exit()"])
    monkeypatch.setattr("builtins.input", lambda prompt="": next(lines))
    with flaming(Policy(console=True)) as flame:
        with flame.console() as console:
            assert console.push("1 + 1") == ("2\n", False)
        with flame.console() as console:
            console.interact()
    printed = capsys.readouterr()
    assert printed.out == "21\n(Remote session ended)\n"
    assert "(Remote console on 127.0.0.1:" in printed.err
