import sys

import pytest

from pyro_flame.console import Console
from pyro_flame.terminal import interact


def test_a_line_gives_what_it_prints() -> None:
    console = Console()
    assert console.push("1 + 1") == ("2\n", False)
    assert console.push("x = 5") == ("", False)
    assert console.push("if x:") == ("", True)
    assert console.push("    print(x)") == ("", True)
    assert console.push("") == ("5\n", False)


def test_errors_are_printed() -> None:
    console = Console()
    output, more = console.push("1 / 0")
    assert "ZeroDivisionError" in output
    assert '"<remote console>", line 1' in output
    assert not more
    output, _ = console.push("import sys; print('no', file=sys.stderr)")
    assert output == "no\n"


@pytest.mark.parametrize("line", ["exit()", "quit(3)", "raise SystemExit"])
def test_leaving_ends_the_session_and_not_the_server(line) -> None:
    closed = []
    console = Console(on_close=closed.append)
    with pytest.raises(EOFError):
        console.push(line)
    assert closed == [console]
    assert not sys.stdin.closed


def test_the_banner_tells_where_it_is() -> None:
    assert Console("here:1").banner().endswith("(Remote console on here:1)")


def typing(monkeypatch, *lines: str) -> None:
    remaining = iter(lines)
    monkeypatch.setattr("builtins.input", lambda prompt="": next(remaining, None) or end())


def end() -> str:
    raise EOFError


def test_a_user_talks_to_it(monkeypatch, capsys) -> None:
    typing(monkeypatch, "x = 6", "print(x * 7)")
    interact(Console().push, "welcome")
    printed = capsys.readouterr()
    assert printed.out == "42\n(Remote session ended)\n"
    assert printed.err.startswith("welcome\n")


def test_the_other_side_ends_it(monkeypatch, capsys) -> None:
    typing(monkeypatch, "exit()", "print('not any more')")
    interact(Console().push, "welcome")
    assert capsys.readouterr().out == "(Remote session ended)\n"
