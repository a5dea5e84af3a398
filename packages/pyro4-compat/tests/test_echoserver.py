"""The echo server."""

import threading
from collections.abc import Iterator

import pytest

import Pyro4
from Pyro4.test import echoserver


@pytest.fixture(autouse=True)
def _default_config() -> Iterator[None]:
    yield
    Pyro4.config.reset(False)


def test_it_answers_until_it_is_shut_down(capsys: pytest.CaptureFixture[str]) -> None:
    daemon, served, uri = echoserver.main(["-v"], returnWithoutLooping=True)
    thread = threading.Thread(target=daemon.requestLoop, args=(lambda: not served._must_shutdown,))
    thread.start()
    with Pyro4.Proxy(uri) as echo:
        assert echo.echo([1]) == [1]
        assert list(echo.generator()) == ["one", "two", "three"]
        assert echo.__dunder__() == "should be allowed (dunder)"
        with pytest.raises(ValueError, match="expected error"):
            echo.error()
        echo.shutdown()
    thread.join(10)
    assert not thread.is_alive()
    daemon.close()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:6] == [
        "Starting Pyro's built-in test echo server.",
        "Warning: HMAC key not set. Anyone can connect to this server!",
        "not using a name server.",
        "object name: test.echoserver",
        f"echo uri: {uri}",
        "echoserver running.",
    ]
    assert lines[6].endswith(" - echo: [1]")


def test_with_a_name_server_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    Pyro4.config.NS_PORT = 0
    daemon, served, uri = echoserver.main(["-N", "-v"], returnWithoutLooping=True)
    ns_uri = capsys.readouterr().out.partition("using name server at ")[2].split()[0]
    thread = threading.Thread(target=daemon.requestLoop, args=(lambda: not served._must_shutdown,))
    thread.start()
    with Pyro4.Proxy(ns_uri) as ns:
        assert ns.lookup("test.echoserver") == uri
    with Pyro4.Proxy(uri) as echo:
        assert echo.echo("hello") == "hello"
        echo.shutdown()
    thread.join(10)
    daemon.close()


def test_what_cannot_be_served_ends_it() -> None:
    with pytest.raises(SystemExit, match="Error: "):
        echoserver.main(["-q", "-H", "no such host"])
