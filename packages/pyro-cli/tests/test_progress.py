"""Progress bars stay out of the way."""

import io
from importlib.util import find_spec

import pytest

from pyro_cli import progress as bars
from pyro_cli.progress import progress


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
