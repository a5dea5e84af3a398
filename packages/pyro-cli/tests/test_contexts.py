"""Contexts: named sets of settings in a file of the user's own."""

import json
import os
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyro_cli import exit_codes
from pyro_cli.contexts import Contexts, settings_of
from pyro_cli.main import main
from pyro_cli.toml_text import toml_text
from pyro_core.errors import SettingsError
from pyro_core.settings import ClientSettings, ServerSettings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("PYRO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYROCLI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = exit_codes.OK) -> str:
    assert main(arguments) == code
    shown = capsys.readouterr()
    return shown.err if code else shown.out


def test_a_context_is_made_used_shown_and_deleted(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert "saved a in " in run(
        capsys, "context", "set", "a", "ns_host=names", "ns_port=7", "server.threads=3"
    )
    run(capsys, "context", "set", "b", "ns_host=other")
    rows = json.loads(run(capsys, "context", "list", "--json"))
    assert rows == [
        {"name": "a", "current": True, "name_server": "names:7"},
        {"name": "b", "current": False, "name_server": "other"},
    ]
    assert run(capsys, "context", "use", "b") == "using b\n"
    assert run(capsys, "context", "show") == "NAME            VALUE\nclient.ns_host  other\n"
    assert run(capsys, "context", "show", "a", "-f", "name").split() == [
        "client.ns_host", "client.ns_port", "server.threads",
    ]  # fmt: skip
    run(capsys, "context", "delete", "b")
    assert run(capsys, "context", "list", "-f", "name") == "a\n"
    assert "no context is in force" in run(capsys, "context", "show", code=exit_codes.USAGE)


def test_the_environment_overrides_the_context_and_options_choose_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(capsys, "context", "set", "a", "ns_host=a", "ns_port=1", "tls.cafile=/ca.pem")
    run(capsys, "context", "set", "b", "ns_host=b")
    found = settings_of(ClientSettings)
    assert (found.ns_host, found.ns_port, found.tls and found.tls.cafile) == ("a", 1, "/ca.pem")
    monkeypatch.setenv("PYRO_NS_PORT", "2")
    assert settings_of(ClientSettings).ns_port == 2
    monkeypatch.setenv("PYROCLI_CONTEXT", "b")
    assert settings_of(ClientSettings).ns_host == "b"
    shown = run(capsys, "--context", "a", "config", "show", "client.ns_host", "-f", "tsv")
    assert shown.splitlines()[1] == "client.ns_host\ta\tcontext a"
    assert settings_of(ServerSettings) == ServerSettings()


def test_only_the_user_can_read_the_file(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    run(capsys, "context", "set", "a", "tls.password=secret", "tls.keyfile=k")
    if os.name == "posix":
        assert stat.S_IMODE((home / "contexts.toml").stat().st_mode) == 0o600
    shown = run(capsys, "context", "show")
    assert "secret" not in shown
    assert "********" in shown
    assert list(home.iterdir()) == [home / "contexts.toml"]


def test_values_are_read_as_the_setting_needs_them(capsys: pytest.CaptureFixture[str]) -> None:
    run(
        capsys, "context", "set", "a", "compression=true", "timeouts.call_s=2.5", "serializer=json",
        "broadcast_addresses=10.0.0.1,10.0.0.2", "server.serializers=json", "ns_host=1",
    )  # fmt: skip
    found = settings_of(ClientSettings)
    assert found.compression is True
    assert found.timeouts.call_s == 2.5
    assert found.broadcast_addresses == ("10.0.0.1", "10.0.0.2")
    assert found.ns_host == "1"
    assert settings_of(ServerSettings).serializers == ("json",)


def test_an_empty_value_takes_a_setting_out(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "context", "set", "a", "ns_host=x", "tls.cafile=y")
    run(capsys, "context", "set", "a", "ns_host=", "tls=")
    assert settings_of(ClientSettings) == ClientSettings()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["set", "a", "ns_hots=x"], "unknown setting 'ns_hots' in client; did you mean 'ns_host'"),
        (["set", "a", "ns_port=many"], "ns_port = 'many'"),
        (["set", "a", "ns_port"], "expected SETTING=VALUE, got 'ns_port'"),
        (["use", "x"], "no context 'x'"),
        (["show", "x"], "Make one with 'pyro-cli context set x ns_host=HOST'"),
        (["delete", "x"], "known: none"),
    ],
)
def test_mistakes_are_told_and_change_nothing(
    capsys: pytest.CaptureFixture[str], home: Path, arguments: list[str], text: str
) -> None:
    assert text in run(capsys, "context", *arguments, code=exit_codes.USAGE)
    assert not home.exists()


@pytest.mark.parametrize(
    "text", ["current =", "current = 1", "[contexts]\na = 1", "[contexts.a]\nclient = 2"]
)
def test_a_broken_file_is_one_clear_error(home: Path, text: str) -> None:
    home.mkdir()
    (home / "contexts.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"contexts\.toml"):
        Contexts()


PLAIN = st.text() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
TABLES: Any = st.recursive(
    st.dictionaries(st.text(), PLAIN | st.lists(PLAIN, max_size=3), max_size=4),
    lambda inner: st.dictionaries(st.text(), PLAIN | inner, max_size=4),
    max_leaves=6,
)


@given(TABLES)
def test_toml_is_read_back_as_it_was(table: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text(table)) == table


def test_what_toml_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot write None as TOML"):
        toml_text({"a": None})
