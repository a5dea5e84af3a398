"""Clients that are known by tokens."""

import hmac
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from pyro_core.errors import SecurityError, SettingsError
from pyro_core.identity import Credentials, Principal
from pyro_server import Tokens


def saying(token: Any) -> Credentials:
    return Credentials({"token": token})


def name_of(tokens: Tokens, token: str) -> str | None:
    try:
        found = tokens.authenticate(saying(token))
    except SecurityError:
        return None
    return found and found.name


def test_each_token_has_its_client_and_roles() -> None:
    tokens = Tokens({"anna": "one", "ci": ["old", "new"]}, roles={"ci": ["robot"]})
    assert tokens.authenticate(saying("one")) == Principal("anna", "token")
    for token in ("old", "new"):
        assert tokens.authenticate(saying(token)) == Principal("ci", "token", frozenset({"robot"}))


def test_a_hash_stands_for_its_token_and_is_none_itself() -> None:
    hashed = Tokens.hashed("one")
    tokens = Tokens({"anna": hashed})
    assert name_of(tokens, "one") == "anna"
    assert name_of(tokens, hashed) is None


@pytest.mark.parametrize("token", ["", "two", "on", "onee", 5, ["one"], b"one", "\udc80"])
def test_a_wrong_token_turns_its_client_away_and_is_not_repeated(token: Any) -> None:
    with pytest.raises(SecurityError, match="does not know the token; check the one that you say") as caught:
        Tokens({"anna": "one"}).authenticate(saying(token))
    assert repr(token) not in str(caught.value)


def test_who_says_no_token_is_left_to_the_next_one() -> None:
    assert Tokens({"anna": "one"}).authenticate(Credentials("hello")) is None


def test_all_tokens_are_compared_whichever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    tokens = Tokens({"anna": "one", "ben": "a longer one", "cleo": "three"})
    for token in ("one", "three", "wrong"):
        name_of(tokens, token)
    assert compared == [(32, 32)] * 9


def test_they_are_in_no_repr() -> None:
    assert repr(Tokens({"anna": "one", "ben": ["two", "three"]})) == "<Tokens of 2 clients>"


@pytest.mark.parametrize("tokens", [{"a": ""}, {"a": []}, {"a": ["x", 5]}, {"a": 5}, {"a": "sha256:12"}])
def test_what_is_no_token_is_an_error(tokens: Any) -> None:
    with pytest.raises(SettingsError, match="'a'"):
        Tokens(tokens)


def test_one_text_for_several_roles_is_an_error() -> None:
    with pytest.raises(TypeError, match="several texts"):
        Tokens({"a": "x"}, roles={"a": "admin"})


def write(file: Path, text: str, at: int) -> None:
    """Change a file at a time of its own, however coarse the clock of the file system is."""
    file.write_text(text, encoding="utf8")
    os.utime(file, (at, at))


def test_a_file_is_read_again_when_it_changes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "tokens.toml"
    write(file, 'anna = "one"\n[ci]\ntoken = ["old"]\nroles = ["robot"]\n', 1)
    tokens = Tokens({"here": "given"}, file=file)
    assert name_of(tokens, "one") == "anna"
    assert tokens.authenticate(saying("old")) == Principal("ci", "token", frozenset({"robot"}))
    write(file, 'anna = "two"\n', 2)
    assert [name_of(tokens, token) for token in ("one", "two", "old", "given")] == [
        None,
        "anna",
        None,
        "here",
    ]
    write(file, "anna = very-secret", 3)
    assert name_of(tokens, "two") == "anna"
    assert "is not valid TOML" in caplog.text
    assert "the tokens stay what they were" in caplog.text
    assert "secret" not in caplog.text
    file.unlink()
    assert name_of(tokens, "two") == "anna"


def test_a_broken_file_is_complained_about_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "tokens.toml"
    write(file, 'anna = "one"', 1)
    tokens = Tokens(file=file)
    write(file, "broken", 2)
    for _ in range(3):
        assert name_of(tokens, "one") == "anna"
    assert len([one for one in caplog.records if one.levelno == logging.ERROR]) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a =", "not valid TOML"),
        ("a = 5", "'a' has no token"),
        ("[a]\nroles = ['x']", "'a' has no token"),
        ("[a]\ntoken = 't'\nroles = 'x'", "may have token"),
        ("[a]\ntoken = 't'\nrole = ['x']", "may have token"),
        ("a = 'sha256:zz'", "64 hexadecimal digits"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_at_first(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text(text, encoding="utf8")
    with pytest.raises(SettingsError, match=message):
        Tokens(file=file)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read the tokens in .*No such file"):
        Tokens(file=tmp_path / "nothing.toml")
