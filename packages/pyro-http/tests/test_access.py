import base64
from pathlib import Path
from typing import Any

import pytest

from pyro_core.errors import SettingsError
from pyro_core.identity import ANONYMOUS, Credentials, Decision, Principal
from pyro_http.access import Access, decided
from pyro_http.problems import Problem
from pyro_http.settings import GatewaySettings
from pyro_server import Anonymous, Tokens

TOKEN = "a-token-of-some-length"
OTHER = "another-token-of-length"
PEER = "127.0.0.1"


def with_tokens(*more: Any) -> Access:
    tokens = Tokens({"ann": TOKEN, "bob": OTHER}, roles={"ann": ["staff"]})
    return Access(GatewaySettings(), [tokens, *more])


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {TOKEN}"},
        {"authorization": f"bearer {TOKEN}"},
        {"x-pyro-gateway-key": TOKEN},
        {
            "sec-websocket-protocol": "pyro.stream.v1, pyro.bearer."
            + base64.urlsafe_b64encode(TOKEN.encode()).decode().rstrip("=")
        },
    ],
    ids=["bearer", "lower case", "classic", "socket"],
)
def test_a_token_tells_who_asks(headers: dict[str, str]) -> None:
    assert with_tokens().principal(headers, PEER) == Principal("ann", "token", frozenset(["staff"]))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer "},
        {"sec-websocket-protocol": "pyro.bearer.!!!"},
    ],
    ids=["none", "basic", "wrong", "empty", "no base64"],
)
def test_without_the_right_token_nobody_comes_in(headers: dict[str, str]) -> None:
    with pytest.raises(Problem) as caught:
        with_tokens().principal(headers, PEER)
    assert caught.value.status == 401
    assert caught.value.headers["WWW-Authenticate"].startswith("Bearer")
    assert TOKEN not in caught.value.detail


def test_without_authenticators_everybody_is_anonymous() -> None:
    assert Access(GatewaySettings()).principal({}, PEER) == ANONYMOUS
    assert Access(GatewaySettings()).lets_anybody_in
    assert not with_tokens().lets_anybody_in
    assert with_tokens(Anonymous()).lets_anybody_in
    assert with_tokens(Anonymous()).principal({}, PEER) == ANONYMOUS


def test_tokens_may_be_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "tokens.toml"
    path.write_text(f'carla = "{TOKEN}"\n')
    access = Access(GatewaySettings(tokens_file=str(path)))
    assert access.principal({"authorization": f"Bearer {TOKEN}"}, PEER).name == "carla"
    with pytest.raises(SettingsError, match="cannot read the tokens"):
        Access(GatewaySettings(tokens_file=str(tmp_path / "missing")))


class Odd:
    """Answers with whatever it is given, or raises it."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def authenticate(self, credentials: Credentials) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def authorize(self, *_: object) -> Any:
        return self.authenticate(Credentials())


@pytest.mark.parametrize("answer", [None, "ann", ValueError("no")], ids=["nobody", "a text", "an error"])
def test_an_authenticator_that_gives_no_principal_lets_nobody_in(answer: Any) -> None:
    with pytest.raises(Problem) as caught:
        Access(GatewaySettings(), [Odd(answer)]).principal({"authorization": "Bearer x"}, PEER)
    assert caught.value.status == 401


@pytest.mark.parametrize("answer", [None, True, ValueError("no")], ids=["nothing", "true", "an error"])
def test_an_authorizer_that_gives_no_decision_allows_nothing(answer: Any) -> None:
    assert not decided(Odd(answer), ANONYMOUS, "http.shop", "add", "call").allowed
    assert decided(Odd(Decision(True)), ANONYMOUS, "http.shop", "add", "call").allowed
    assert decided(None, ANONYMOUS, "http.shop", "add", "call").allowed


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:80", "[::1]:8080", "[::1]"])
def test_the_usual_hosts_are_known(host: str) -> None:
    Access(GatewaySettings()).check_host({"host": host})


@pytest.mark.parametrize("host", ["", "evil.example", "evil.example:80", "localhost.evil.example", "[::2]"])
def test_other_hosts_are_refused(host: str) -> None:
    with pytest.raises(Problem) as caught:
        Access(GatewaySettings()).check_host({"host": host})
    assert caught.value.status == 421
    Access(GatewaySettings(allowed_hosts=("*",))).check_host({"host": host})


def test_pages_of_other_origins_are_refused_unless_they_are_listed() -> None:
    access = Access(GatewaySettings(cors_origins=("https://app.example",)))
    host = {"host": "localhost:8080"}
    assert access.check_origin(host) is None
    assert access.check_origin({**host, "origin": "http://localhost:8080"}) is None
    assert access.check_origin({**host, "origin": "https://app.example"}) == "https://app.example"
    visit = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert access.check_origin({**host, **visit}) is None
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9999"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
    ):
        with pytest.raises(Problem) as caught:
            access.check_origin({**host, **headers})
        assert caught.value.kind == "other-origin"
