"""Beyond this machine without asking who calls: a loud warning."""

import logging
from typing import Any

import pytest

from pyro_core.settings import TLS, ServerSettings
from pyro_server import Anonymous, Daemon, Tokens


class WithHook(Daemon):
    def validate_handshake(self, connection: Any, data: Any) -> Any:
        return "hello"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "pyro_server.daemon"]


@pytest.fixture(autouse=True)
def everything_is_far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback stands for the world here."""
    monkeypatch.setattr("pyro_server.listeners.is_loopback", lambda host: False)


def test_it_says_what_that_means_and_what_to_do(make_daemon: Any, caplog: pytest.LogCaptureFixture) -> None:
    daemon = make_daemon(settings=ServerSettings(host="127.0.0.1"))
    (text,) = warnings(caplog)
    assert daemon.location in text
    for word in ("everybody", "authenticate=", "PYRO_TOKENS_FILE", "localhost", "PYRO_ALLOW_ANONYMOUS=1"):
        assert word in text
    assert [one.levelno for one in caplog.records if one.name == "pyro_server.daemon"] == [logging.WARNING]
    assert daemon.open_to_strangers


def test_it_says_so_of_places_that_come_later(
    make_daemon: Any, caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    daemon = make_daemon(settings=ServerSettings(unixsocket=str(tmp_path / "socket")))
    assert not warnings(caplog)
    assert not daemon.open_to_strangers
    place = daemon.listen("127.0.0.1")
    (text,) = warnings(caplog)
    assert place in text


@pytest.mark.parametrize(
    ("more", "open_to_strangers"),
    [
        ({"authenticate": [Tokens({"a": "b"})]}, False),
        ({"authenticate": [Tokens({"a": "b"}), Anonymous()]}, True),
        ({"authenticate": [Anonymous()]}, True),
        ({"settings": ServerSettings(host="127.0.0.1", allow_anonymous=True)}, True),
        ({"cls": WithHook}, False),
    ],
)
def test_it_is_silent_where_somebody_asks_or_that_is_meant(
    make_daemon: Any, caplog: pytest.LogCaptureFixture, more: dict[str, Any], open_to_strangers: bool
) -> None:
    daemon = make_daemon(**{"settings": ServerSettings(host="127.0.0.1"), **more})
    assert not warnings(caplog)
    assert daemon.open_to_strangers is open_to_strangers


def test_certificates_that_tls_insists_on_are_asking(
    make_daemon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyro_server.listeners.Listeners._contexts_for", lambda self, tls: None)
    for insists in (False, True):
        tls = TLS(certfile="x", cafile="x", require_client_cert=insists)
        daemon = make_daemon(settings=ServerSettings(host="127.0.0.1", tls=tls))
        assert daemon.open_to_strangers is not insists


def test_on_this_machine_it_is_silent(
    make_daemon: Any, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    monkeypatch.undo()
    assert not make_daemon(settings=ServerSettings()).open_to_strangers
    assert not warnings(caplog)
