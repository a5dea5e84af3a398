from typing import Any

import pytest

from pyro_core.plans import Close, Plan, Receive, Send, Sleep, Step, drive


def ask(link: str) -> Plan[bytes]:
    """A plan that sends, and receives until the other side is done; it always closes."""
    try:
        yield Send(link, b"question")
        answer = b""
        while True:
            data = yield Receive(link)
            if not data:
                return answer
            answer += data
    finally:
        yield Close(link)


class Performer:
    """Carries out steps from a script.

    Args:
        script: Result of each ``Receive`` in turn; an exception is raised.
    """

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.steps: list[Step] = []

    def __call__(self, step: Step) -> Any:
        self.steps.append(step)
        if isinstance(step, Receive):
            result = self.script.pop(0)
            if isinstance(result, BaseException):
                raise result
            return result
        return None


def test_a_plan_gets_the_results_of_its_steps_in_order() -> None:
    perform = Performer(b"an", b"swer", b"")
    assert drive(ask("link"), perform) == b"answer"
    assert perform.steps == [Send("link", b"question"), *[Receive("link")] * 3, Close("link")]


@pytest.mark.parametrize("problem", [OSError("gone"), KeyboardInterrupt()])
def test_a_failing_step_is_raised_inside_the_plan(problem: BaseException) -> None:
    perform = Performer(b"an", problem)
    with pytest.raises(type(problem)) as caught:
        drive(ask("link"), perform)
    assert caught.value is problem
    assert perform.steps[-1] == Close("link")


def test_a_plan_may_go_on_after_a_failing_step() -> None:
    def stubborn() -> Plan[str]:
        for wait_s in (1.0, 2.0):
            try:
                yield Receive("link")
            except OSError:
                yield Sleep(wait_s)
            else:
                return f"after {wait_s:g} s"
        raise AssertionError

    perform = Performer(OSError(), b"")
    assert drive(stubborn(), perform) == "after 2 s"
    assert perform.steps == [Receive("link"), Sleep(1.0), Receive("link")]


def test_a_plan_without_steps_is_over_at_once() -> None:
    def nothing() -> Plan[int]:
        return 5
        yield

    assert drive(nothing(), Performer()) == 5


def test_what_a_plan_raises_by_itself_reaches_the_caller() -> None:
    def broken() -> Plan[None]:
        yield Sleep(0)
        raise ValueError("by itself")

    with pytest.raises(ValueError, match="by itself"):
        drive(broken(), Performer())
