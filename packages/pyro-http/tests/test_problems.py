import pytest

from pyro_core import errors
from pyro_http.problems import TITLES, Finding, Problem, problem_of


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        (errors.TimeoutError("late"), "deadline", 504),
        (errors.ConnectionClosedError("gone"), "unreachable", 502),
        (errors.ConnectionRejected("no"), "unreachable", 502),
        (errors.NameServerNotFound(), "no-name-server", 503),
        (errors.NameNotFound("x"), "unknown-object", 404),
        (errors.SecurityError("no"), "forbidden", 403),
        (errors.SerializeError("no"), "bad-answer", 502),
        (errors.ProtocolError("no"), "bad-answer", 502),
        (errors.PyroError("what"), "bad-answer", 502),
        (ValueError("no"), "remote-exception", 500),
        (errors.RemoteError("shop.OutOfStock", "none left"), "remote-exception", 500),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else str(one),
)
def test_each_error_has_its_kind_and_status(error: Exception, kind: str, status: int) -> None:
    problem = problem_of(error)
    assert (problem.kind, problem.status) == (kind, status)


def test_a_remote_error_of_the_system_itself_is_a_remote_exception() -> None:
    error = errors.TimeoutError("of a call that the method made")
    error._pyroTraceback = ["Traceback\n", "TimeoutError\n"]  # type: ignore[attr-defined]
    shown = problem_of(error, tracebacks=True).document("id")
    assert shown["type"] == "/problems/remote-exception"
    assert shown["exception"]["type"] == "pyro_core.errors.TimeoutError"
    assert shown["exception"]["traceback"] == "Traceback\nTimeoutError\n"
    assert "traceback" not in problem_of(error).document()["exception"]


def test_the_document_is_that_of_the_standard() -> None:
    problem = Problem(
        "bad-argument", "it is wrong", findings=[Finding("/args/0", "expected a text")], extra=1
    )
    assert problem.document("5") == {
        "type": "/problems/bad-argument",
        "title": TITLES["bad-argument"][1],
        "status": 422,
        "detail": "it is wrong",
        "errors": [{"pointer": "/args/0", "detail": "expected a text"}],
        "instance": "urn:uuid:5",
        "extra": 1,
    }


def test_a_problem_stays_what_it_is() -> None:
    problem = Problem("forbidden", "no")
    assert problem_of(problem) is problem
