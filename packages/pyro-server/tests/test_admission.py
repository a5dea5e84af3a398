"""Who is let in."""

import logging
from pathlib import Path
from typing import Any

import pytest

from pyro_core.context import current_call
from pyro_core.errors import SecurityError, SettingsError
from pyro_core.identity import ANONYMOUS, Credentials, Principal
from pyro_core.settings import ServerSettings
from pyro_server import Anonymous, ClientCertificates, Daemon, HandshakeHook, Tokens, UnixPeers, expose
from pyro_server.admission import Admission, without_token


@expose
class Mirror:
    def principal(self) -> list[str]:
        known = current_call().principal
        return [known.name, known.proof]

    def handshake(self) -> Any:
        return current_call().connection.handshake


class Failing:
    def __init__(self, result: Any) -> None:
        self.result = result

    def authenticate(self, credentials: Credentials) -> Principal | None:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result  # type: ignore[no-any-return]


@pytest.mark.parametrize("version", [502, 48])
def test_the_first_that_knows_a_client_decides(make_daemon: Any, caller: Any, version: int) -> None:
    daemon = make_daemon(
        authenticate=[
            HandshakeHook(lambda said: "hook" if said == "open" else None),
            Tokens({"anna": "s3"}),
            Anonymous(),
        ]
    )
    daemon.register(Mirror(), "thing")
    for said, name, proof in (
        ("open", "hook", "handshake"),
        ({"token": "s3"}, "anna", "token"),
        ("hello", "anonymous", "anonymous"),
    ):
        client = caller(daemon, version=version)
        client.connect(handshake=said)
        assert client.call("principal") == [name, proof]


def test_without_authenticators_everybody_is_anonymous_and_what_they_say_is_kept(connect: Any) -> None:
    client = connect(Mirror())
    assert client.call("principal") == ["anonymous", "anonymous"]
    assert client.engine.connection.principal is ANONYMOUS


@pytest.mark.parametrize("version", [502, 48])
def test_whom_nobody_knows_is_turned_away_and_told_what_to_show(
    make_daemon: Any, caller: Any, version: int
) -> None:
    daemon = make_daemon(authenticate=[Tokens({"anna": "s3"}), ClientCertificates(), UnixPeers()])
    daemon.register(Mirror(), "thing")
    client = caller(daemon, version=version)
    assert client.connect() == (
        "this daemon lets in only whom it knows; show it a token (proxy._pyro.token = TEXT; the setting "
        "token; or the handshake value {'token': TEXT}) or a client certificate that it knows or a user that "
        "it knows, over a Unix socket"
    )
    assert client.engine.closing


def test_a_stranger_learns_nothing_of_the_objects(make_daemon: Any, caller: Any) -> None:
    daemon = make_daemon(authenticate=[Tokens({"anna": "s3"})])
    assert "only whom it knows" in caller(daemon).connect("no such object")
    assert caller(daemon).connect("no such object", handshake={"token": "s3"}) == "unknown object"


@pytest.mark.parametrize("result", [KeyError("hidden"), ValueError("hidden"), "a name", True, ()])
def test_an_authenticator_that_fails_lets_nobody_in(
    make_daemon: Any, caller: Any, result: Any, caplog: pytest.LogCaptureFixture
) -> None:
    daemon = make_daemon(authenticate=[Failing(result), Anonymous()])
    daemon.register(Mirror(), "thing")
    reason = caller(daemon).connect()
    assert reason == "this daemon failed to find out who you are; its log tells why"
    assert "an authenticator failed for memory" in caplog.text


def test_an_authenticator_may_say_why(make_daemon: Any, caller: Any) -> None:
    daemon = make_daemon(authenticate=[Failing(SecurityError("come back on Monday")), Anonymous()])
    assert caller(daemon).connect() == "come back on Monday"


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("hello", "hello"),
        ({"a": 1}, {"a": 1}),
        ({"token": "x"}, None),
        ({"token": "x", "a": 1}, {"a": 1}),
        ({"token": "x", "handshake": [1]}, [1]),
    ],
)
def test_nobody_else_sees_the_token(said: Any, rest: Any) -> None:
    assert without_token(said) == rest


def test_hooks_and_methods_get_the_handshake_without_the_token(make_daemon: Any, caller: Any) -> None:
    seen = []

    class Watching(Daemon):
        def validate_handshake(self, connection: Any, data: Any) -> Any:
            seen.append((data, connection.principal.name))
            return "hello"

    daemon = make_daemon(Watching, authenticate=[Tokens({"anna": "s3"})])
    daemon.register(Mirror(), "thing")
    client = caller(daemon)
    client.connect(handshake={"token": "s3", "handshake": "mine"})
    assert seen == [("mine", "anna")]
    assert client.call("handshake") == "mine"


def test_who_is_let_in_and_who_is_not_is_logged_without_tokens(
    make_daemon: Any, caller: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    daemon = make_daemon(authenticate=[Tokens({"anna": "very-secret"})])
    daemon.register(Mirror(), "thing")
    caller(daemon).connect(handshake={"token": "very-secret"})
    caller(daemon).connect(handshake={"token": "a-wrong-one"})
    lines = [(one.levelname, one.fields) for one in caplog.records if one.name == "pyro_server.access"]  # type: ignore[attr-defined]
    assert lines[0] == (
        "INFO",
        {"event": "accepted", "principal": "anna", "proof": "token", "peer": "memory"},
    )
    assert (lines[1][0], lines[1][1]["event"], lines[1][1]["peer"]) == ("WARNING", "denied", "memory")
    assert "does not know the token" in lines[1][1]["reason"]
    assert "accepted: principal='anna' proof='token' peer='memory'" in caplog.text
    assert "secret" not in caplog.text
    assert "wrong-one" not in caplog.text


def test_the_settings_name_a_file(make_daemon: Any, caller: Any, tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text('anna = "s3"', encoding="utf8")
    settings = ServerSettings.from_environ({"PYRO_TOKENS_FILE": str(file)})
    daemon = make_daemon(settings=settings)
    daemon.register(Mirror(), "thing")
    assert "only whom it knows" in caller(daemon).connect()
    assert caller(daemon).connect(handshake={"token": "s3"})["handshake"] == "hello"
    also_others = ServerSettings(tokens_file=str(file), allow_anonymous=True)
    daemon = make_daemon(settings=also_others)
    daemon.register(Mirror(), "thing")
    assert caller(daemon).connect()["handshake"] == "hello"
    with pytest.raises(SettingsError, match="cannot read the tokens"):
        make_daemon(settings=ServerSettings(tokens_file=str(tmp_path / "none")))


def test_what_is_no_list_of_authenticators_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"such as \[Tokens"):
        Admission([str])  # type: ignore[list-item]


def test_a_connected_socket_cannot_be_asked(make_daemon: Any) -> None:
    with pytest.raises(ValueError, match="no handshake"):
        make_daemon(connected_socket=object(), authenticate=[Anonymous()])
