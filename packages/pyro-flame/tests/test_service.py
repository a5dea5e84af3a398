"""A client and a daemon, on loopback."""

import os
import stat
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pyro_core.errors import ConnectionRejected, DaemonError, SecurityError
from pyro_core.settings import ClientSettings, ServerSettings
from pyro_flame import Policy, RemoteFlame, RemoteObject, connect, start
from pyro_server import Daemon


@contextmanager
def flaming(*policy: Any, servertype: str = "threaded") -> Iterator[RemoteFlame]:
    settings = ServerSettings(host="127.0.0.1", port=0, servertype=servertype)
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


def test_values_travel_and_all_else_stays_there() -> None:
    with flaming(
        Policy(calls={"collections", "sys", "tempfile", "builtins.len", "builtins.sorted", "os"})
    ) as flame:
        assert flame.module("sys").platform == sys.platform
        assert flame.module("sys").version_info.major == sys.version_info.major
        counter = flame.module("collections").Counter("abca")
        assert repr(counter).startswith("<RemoteObject 'collections.Counter' at 127.0.0.1:")
        assert (counter["a"], len(counter), list(counter), "b" in counter) == (2, 3, ["a", "b", "c"], True)
        counter["z"] = 7
        assert counter.most_common(1) == [("z", 7)]
        assert str(counter).startswith("Counter({'z': 7")
        assert flame.builtin("len")(counter) == 4
        assert flame.builtin("sorted")(["b", "a"], key=flame.module("os").fspath) == ["a", "b"]
        with flame.module("tempfile").TemporaryFile("w") as file:
            assert file.write("abc") == 3
        assert file.closed
        with pytest.raises(TypeError, match="no len"):
            len(file)
        with pytest.raises(SecurityError, match="private"):
            counter._keep_positive()
        assert "getcwd" in dir(flame.module("os"))
        assert "_exit" not in dir(flame.module("os"))
        with pytest.raises(TypeError, match="cannot be an argument"):
            flame.builtin("len")(flame.module("os"))


def test_objects_live_as_long_as_they_are_needed_and_as_the_connection() -> None:
    with flaming(Policy(calls={"collections"})) as flame:
        kept = flame.module("collections").Counter("a")
        gone = flame.module("collections").Counter("b")
        number = gone._number
        del gone
        assert kept["a"] == 1
        with pytest.raises(LookupError, match="that object is gone"):
            flame._proxy.read_held(number, "x")
        flame.close()
        with pytest.raises(LookupError, match="as long as the connection"):
            kept["a"]


def test_pickle_carries_more_where_it_is_accepted() -> None:
    server = ServerSettings(host="127.0.0.1", port=0)
    with Daemon(server, serializers=["serpent", "pickle"]) as daemon:
        start(daemon, Policy(calls={"collections", "fractions", "builtins"}))
        daemon.start()
        with connect(daemon.location, ClientSettings(serializer="pickle")) as flame:
            assert flame.module("collections").Counter("aa") == Counter("aa")
            assert repr(flame.builtin("memoryview")(b"")).startswith("<RemoteObject")
        with connect(daemon.location) as flame:
            assert isinstance(flame.module("collections").Counter("aa"), RemoteObject)


def test_a_policy_for_each_principal() -> None:
    asked = []

    def policy(principal):
        asked.append(principal.name)
        return Policy(code=True) if len(asked) == 1 else None

    with flaming(policy) as flame:
        assert flame.evaluate("1 + 1") == 2
        with pytest.raises(SecurityError, match="no policy for you"):
            flame.evaluate("1 + 1")
    assert asked == ["anonymous"] * 2


@pytest.mark.parametrize("servertype", ["threaded", "multiplex", "asyncio"])
@pytest.mark.usefixtures("no_garbage")
def test_files_and_consoles_with_every_server_type(servertype, tmp_path) -> None:
    data = os.urandom(1_000_000)
    told = []
    with flaming(
        Policy(console=True, send_files=[tmp_path], get_files=[tmp_path]), servertype=servertype
    ) as flame:
        assert flame.sendfile("file", data, on_progress=lambda *now: told.append(now)) == len(data)
        assert told[-1] == (len(data), len(data))
        assert flame.getfile("file", tmp_path / "back") == len(data)
        assert (tmp_path / "back").read_bytes() == data
        assert sorted(os.listdir(tmp_path)) == ["back", "file"]
        with flame.console() as console:
            console.push("while True: print('x')")
            items = console._proxy.run("")
            assert next(items).startswith("x")
            assert console.interrupt()
            assert list(items)[-1] is False
            assert console.complete("pri") == ["print("]
            printed = []
            console.execute("print('y')", printed.append)
            assert "".join(printed) == "y\n"


@pytest.mark.usefixtures("no_garbage")
def test_what_runs_ends_with_the_connection() -> None:
    with flaming(Policy(console=True, calls={"*"})) as flame:
        console = flame.console()
        noted = Noted()
        sys.modules["flame_ended"] = noted  # type: ignore[assignment]
        console.push("import sys")
        console.push("try:")
        console.push("    sys.modules['flame_ended'].append('begun')")
        console.push("    while True: pass")
        console.push("finally: sys.modules['flame_ended'].append('ended')")
        items = console._proxy.run("")
        noted.wait_for(["begun"])
        flame.close()
        noted.wait_for(["begun", "ended"])
        console._proxy._pyro.release()
        del items, sys.modules["flame_ended"]


class Noted:
    """What code has noted, for others who wait for it."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._more = threading.Condition()

    def append(self, word: str) -> None:
        with self._more:
            self._words.append(word)
            self._more.notify_all()

    def wait_for(self, words: list[str]) -> None:
        with self._more:
            assert self._more.wait_for(lambda: self._words == words, 30), self._words
