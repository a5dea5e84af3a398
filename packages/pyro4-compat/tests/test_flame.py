"""Flame by its old interface; the two ends of it in one process."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

import Pyro4
from Pyro4 import constants, core, errors
from Pyro4.utils import flame, flameserver


@pytest.fixture(autouse=True)
def switched_on() -> Iterator[None]:
    Pyro4.config.FLAME_ENABLED = True
    Pyro4.config.SERIALIZERS_ACCEPTED = {"pickle"}
    Pyro4.config.SERIALIZER = "pickle"
    yield
    Pyro4.config.reset(False)


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    with Pyro4.Daemon() as daemon:
        flame.start(daemon)
        daemon.start()
        with flame.connect(daemon.locationStr) as remote:
            yield remote


def test_the_interface_that_other_peers_know(remote: Any) -> None:
    assert remote._pyroMethods == {
        *("module", "builtin", "execute", "evaluate", "console", "invokeBuiltin", "invokeModule"),
        *("sendmodule", "getmodule", "sendfile", "getfile"),
    }


def test_modules_builtins_and_code(remote: Any) -> None:
    with remote.module("os.path") as module:
        assert module.join("a", "b") == "a/b"
        assert isinstance(module.join, core._RemoteMethod)
        assert f"module 'os.path' at {remote._pyroUri.location}" in str(module)
    with remote.builtin("max") as builtin:
        assert builtin(3, 4) == 4
    assert remote.invokeModule("os.path.join", ("a", "b"), {}) == "a/b"
    remote.execute("x = 5")
    assert remote.evaluate("x + 1") == 6
    with pytest.raises(ZeroDivisionError):
        remote.evaluate("1 // 0")
    with pytest.raises(ModuleNotFoundError):
        remote.module("no_such_module")


def test_modules_that_are_sent(remote: Any) -> None:
    remote.sendmodule("flame_sent.deep", "def double(x): return 2 * x")
    with remote.module("flame_sent.deep") as module:
        assert module.double(4) == 8


def test_a_console_until_it_is_closed(remote: Any) -> None:
    with remote.console() as console:
        assert console.remoteconsole.push_and_get_output("1 + 1") == ("2\n", False)
        uri = console.remoteconsole._pyroUri
    with Pyro4.Proxy(uri) as gone, pytest.raises(errors.CommunicationError, match="unknown object"):
        gone.get_banner()


def test_leaving_a_console(
    remote: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = iter(["2 + 3", "exit()"])
    monkeypatch.setattr("builtins.input", lambda prompt="": next(lines))
    with remote.console() as console:
        console.interact()
    assert capsys.readouterr().out == "5\n(Remote session ended)\n"


def test_it_is_off_by_default() -> None:
    Pyro4.config.FLAME_ENABLED = False
    with Pyro4.Daemon() as daemon:
        with pytest.raises(errors.SecurityError, match="disabled"):
            flame.start(daemon)
        daemon.register(flame.Flame(), constants.FLAME_NAME)  # what a program could do by itself
        daemon.start()
        with flame.connect(daemon.locationStr) as remote, pytest.raises(errors.SecurityError):
            remote.evaluate("1")


@pytest.mark.parametrize("accepted", [{"serpent"}, {"pickle", "serpent"}])
def test_it_needs_pickle_and_nothing_else(accepted: set[str]) -> None:
    Pyro4.config.SERIALIZERS_ACCEPTED = accepted
    with Pyro4.Daemon() as daemon, pytest.raises(errors.SerializeError):
        flame.start(daemon)
    Pyro4.config.SERIALIZER = "serpent"
    with pytest.raises(errors.SerializeError):
        flame.connect("localhost:1")


def test_the_server_program(capsys: pytest.CaptureFixture[str]) -> None:
    daemon, uri = flameserver.main(["-p", "0"], returnWithoutLooping=True)
    daemon.close()
    assert capsys.readouterr().out.splitlines() == [
        "Starting Pyro Flame server.",
        "Warning: HMAC key not set. Anyone can connect to this server!",
        f"server uri: {uri}",
        "server is running.",
    ]


def test_the_server_program_with_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.warns(UserWarning, match="PYRO_HMAC_KEY"):
        daemon, _ = flameserver.main(["-q", "-k", "secret"], returnWithoutLooping=True)
    with daemon.start():
        with flame.connect(daemon.locationStr, hmac_key="secret") as remote:
            assert remote.evaluate("2") == 2
        with pytest.raises(errors.PyroError):
            flame.connect(daemon.locationStr)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "stream", "text"),
    [(["--nonsense"], "err", "no such option"), (["-h"], "out", "show this help")],
)
def test_the_command_line(
    arguments: list[str], stream: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        flameserver.main(arguments)
    assert text in getattr(capsys.readouterr(), stream)
