"""Tracebacks of remote exceptions, and detailed ones."""

import sys
import threading
from typing import Any

import pytest

import Pyro4
from Pyro4 import util

RULE = "-" * 52 + "\n"


class Odd:
    def __init__(self) -> None:
        self.name = "odd"

    def __repr__(self) -> str:
        raise RuntimeError

    @Pyro4.expose
    def fail(self, number: int) -> float:
        return number / 0


def failed() -> BaseException:
    try:
        Odd().fail(5)
    except ZeroDivisionError as error:
        return error
    raise AssertionError


def parts(error: BaseException) -> tuple[Any, Any, Any]:
    return type(error), error, error.__traceback__


def test_the_remote_traceback_comes_after_the_local_one() -> None:
    error = failed()
    local = util.formatTraceback(*parts(error))
    assert util.getPyroTraceback(*parts(error)) == local
    error._pyroTraceback = ["first\n", "  second\n  third\n"]  # type: ignore[attr-defined]
    assert "".join(util.getPyroTraceback(*parts(error))[len(local) :]) == (
        " +--- This exception occured remotely (Pyro) - Remote traceback:\n"
        " | first\n |   second\n |   third\n"
        " +--- End of remote traceback\n"
    )


def test_the_exception_that_is_being_handled_is_taken() -> None:
    try:
        raise KeyError("k")
    except KeyError:
        assert util.getPyroTraceback() == util.getPyroTraceback(*sys.exc_info())
        assert "KeyError: 'k'\n" in util.formatTraceback()


@pytest.mark.parametrize("show", [util.getPyroTraceback, util.formatTraceback])
def test_an_exception_alone_is_refused(show: Any) -> None:
    with pytest.raises(TypeError, match="the type of an exception is expected"):
        show(ValueError("x"))


def test_details_show_variables_even_of_objects_that_cannot_be_shown() -> None:
    lines = util.formatTraceback(*parts(failed()), detailed=True)
    assert lines[:3] == [
        RULE,
        " EXCEPTION <class 'ZeroDivisionError'>: division by zero\n",
        " Extended stacktrace follows (most recent call last)\n",
    ]
    text = "".join(lines)
    assert ", in failed\n" in text
    assert text.endswith(
        ", in Odd.fail\nSource code:\n    return number / 0\nLocal values:\n    number = 5\n"
        "    self = <Odd, whose repr raised RuntimeError>\n        self.name = 'odd'\n"
        f"{RULE} EXCEPTION <class 'ZeroDivisionError'>: division by zero\n{RULE}"
    )


def test_the_hook_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    error = failed()
    error._pyroTraceback = ["there\n"]  # type: ignore[attr-defined]
    util.excepthook(*parts(error))
    assert " | there\n" in capsys.readouterr().err


@pytest.mark.parametrize("detailed", [False, True])
def test_a_caller_gets_what_the_server_is_configured_to_tell(detailed: bool) -> None:
    Pyro4.config.DETAILED_TRACEBACK = detailed
    daemon = Pyro4.Daemon()
    thread = threading.Thread(target=daemon.requestLoop, daemon=True)
    thread.start()
    with Pyro4.Proxy(daemon.register(Odd())) as proxy, pytest.raises(ZeroDivisionError) as caught:
        proxy.fail(5)
    daemon.shutdown()
    thread.join(10)
    text = "".join(caught.value._pyroTraceback)  # type: ignore[attr-defined]
    assert "return number / 0" in text
    assert ("Local values:\n    number = 5\n" in text) is detailed
    assert "pyro_server" not in text
