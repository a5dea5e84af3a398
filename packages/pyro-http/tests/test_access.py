import base64
from pathlib import Path

import pytest

from pyro_core.errors import SettingsError
from pyro_http.access import MIN_TOKEN_CHARS, Access, Principal
from pyro_http.problems import Problem
from pyro_http.settings import GatewaySettings

TOKEN = "a-token-of-some-length"
OTHER = "another-token-of-length"


def with_tokens(**more: object) -> Access:
    return Access(GatewaySettings(tokens=(f"ann:{TOKEN}", f"bob:{OTHER}"), **more))  # type: ignore[arg-type]


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
    assert with_tokens().principal(headers) == Principal("ann")


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
        with_tokens().principal(headers)
    assert caught.value.status == 401
    assert caught.value.headers["WWW-Authenticate"].startswith("Bearer")
    assert TOKEN not in caught.value.detail


def test_without_tokens_everybody_is_nobody_in_particular() -> None:
    assert Access(GatewaySettings()).principal({}) == Principal("")


def test_a_file_holds_tokens_and_remarks(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"# who may\n\n  carla:{TOKEN}  \n")
    access = Access(GatewaySettings(token_file=str(path)))
    assert access.principal({"authorization": f"Bearer {TOKEN}"}).name == "carla"
    path.write_text("# nobody\n")
    with pytest.raises(SettingsError, match="has no token"):
        Access(GatewaySettings(token_file=str(path)))
    with pytest.raises(SettingsError, match="cannot read the token file"):
        Access(GatewaySettings(token_file=str(tmp_path / "missing")))


def test_tokens_that_can_be_guessed_are_refused_without_being_shown() -> None:
    short = "x" * (MIN_TOKEN_CHARS - 1)
    for line in (f"ann:{short}", f":{TOKEN}", TOKEN):
        with pytest.raises(SettingsError) as caught:
            Access(GatewaySettings(tokens=(line,)))
        assert short not in str(caught.value)
        assert TOKEN not in str(caught.value)
    Access(GatewaySettings(tokens=(f"ann:{short}x",)))


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
