"""Progress bars stay out of the way."""

import io
from importlib.util import find_spec

import pytest

from pyro_cli import progress as bars
from pyro_cli.progress import progress, progress_of_bytes


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_there_is_no_bar_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress("abc", "reading")) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("rich", [True, False])
def test_a_terminal_shows_a_bar_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], rich: bool
) -> None:
    if rich and find_spec("rich") is None:
        pytest.skip("needs the extra 'rich'")
    if not rich:
        monkeypatch.setattr(bars, "find_spec", lambda name: None)
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    assert list(progress(iter("abc"), "reading", 3)) == ["a", "b", "c"]
    assert "reading" in terminal.getvalue()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("rich", [True, False])
def test_a_bar_for_bytes(monkeypatch: pytest.MonkeyPatch, rich: bool) -> None:
    if rich and find_spec("rich") is None:
        pytest.skip("needs the extra 'rich'")
    if not rich:
        monkeypatch.setattr(bars, "find_spec", lambda name: None)
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with progress_of_bytes("sending") as tell:
        for done in (0, 500, 1000):
            tell(done, 1000)
    assert "sending" in terminal.getvalue()
    assert ("kB" if rich else "100%") in terminal.getvalue()


def test_there_is_no_bar_for_bytes_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_of_bytes("sending") as tell:
        tell(1, 2)
    assert capsys.readouterr() == ("", "")
