import sys
import threading

import pytest

from pyro_core.errors import PyroError
from pyro_flame.console import Console


def test_what_is_printed_is_there_as_it_comes() -> None:
    console = Console()
    console.push("import threading; gate = threading.Event()")
    output = console.run("print('begun'); _ = gate.wait(30); print('ended')")
    assert next(output).startswith("begun")  # a piece may end anywhere
    with pytest.raises(PyroError, match="busy"):
        console.run("1")
    console._names["gate"].set()
    assert "".join(map(str, output)).lstrip() == "ended\nFalse"


@pytest.mark.parametrize("code", ["while True: pass", "while True: print('x' * 100)", "while True: print()"])
@pytest.mark.usefixtures("no_garbage")
def test_interrupting(code) -> None:
    console = Console()
    assert not console.interrupt()
    console.push("begun = []")
    console.push("def go():")
    console.push("    begun.append(1)")
    console.push(f"    {code}")
    console.push("")
    output = console.run("go()")
    while not console._names["begun"]:
        pass
    assert console.interrupt()
    *printed, more = output
    assert "".join(printed).endswith("KeyboardInterrupt\n")
    assert not more
    assert console.push("1") == ("1\n", False)


@pytest.mark.usefixtures("no_garbage")
def test_whoever_wants_no_more_output_interrupts() -> None:
    console = Console()
    console.push("while True: print(1)")
    output = console.run("")
    next(output)
    output.close()
    *printed, more = output
    assert "".join(printed).endswith("KeyboardInterrupt\n")
    assert not more


def test_only_the_console_is_redirected(capsys) -> None:
    console = Console()
    console.push("import threading; gate = threading.Event(); begun = threading.Event()")
    output = console.run("begun.set(); _ = gate.wait(30); print('there')")
    console._names["begun"].wait(30)
    print("here")
    console._names["gate"].set()
    assert "".join(map(str, output)) == "there\nFalse"
    assert capsys.readouterr().out == "here\n"
    assert type(sys.stdout).__module__ != "pyro_flame.routing"


def test_the_last_value_is_the_consoles() -> None:
    console = Console()
    console.push("41")
    assert console.push("_ + 1") == ("42\n", False)
    assert not hasattr(__builtins__, "_")


def test_nobody_can_be_asked() -> None:
    assert "cannot ask for input" in Console().push("input()")[0]


def test_statements_raise_what_they_raise() -> None:
    console = Console()
    output = console.execute("print('first')\n1 / 0")
    printed = []
    with pytest.raises(ZeroDivisionError):
        printed.extend(output)
    assert "".join(printed) == "first\n"


def test_completion() -> None:
    console = Console()
    console.push("value_of_mine = 'x'")
    assert console.complete("value_of") == ["value_of_mine"]
    assert "value_of_mine.upper()" in console.complete("value_of_mine.up")[0] + ")"
    assert console.complete(" ") == []


def test_a_closed_console_ends_its_threads() -> None:
    console = Console()
    console.push("1")
    thread = console._runner._thread
    console.close()
    thread.join(30)
    assert not thread.is_alive()
    assert thread is not threading.current_thread()
