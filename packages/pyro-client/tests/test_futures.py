"""Futures of remote and local calls."""

import asyncio
import concurrent.futures
import gc
import logging
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pyro_client import Future, Proxy, Task
from pyro_core import context
from pyro_core.errors import ConnectionClosedError, PyroError
from pyro_core.settings import ClientSettings

PATIENCE_S = 10.0


class Gate:
    """A function that waits until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()

    def __call__(self, value: Any = None) -> Any:
        self.begun.set()
        self.open.wait(PATIENCE_S)
        return value


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture
def proxy(server: Any, settings: ClientSettings) -> Iterator[Proxy]:
    with Proxy(server.uri, settings=settings) as proxy:
        yield proxy


def fail(error: BaseException) -> Any:
    raise error


# ---- remote calls


def test_a_submitted_call_gives_a_future_of_its_result(proxy: Proxy) -> None:
    future = proxy._pyro.submit("add", 2, 3)
    assert isinstance(future, Future)
    assert isinstance(future, concurrent.futures.Future)
    assert future.result(PATIENCE_S) == 5
    assert proxy._pyro.futures.add(1, 2).result(PATIENCE_S) == 3


def test_the_remote_exception_is_that_of_the_future(proxy: Proxy, server: Any) -> None:
    server.scripts["echo"] = lambda peer, call: peer.fail(ZeroDivisionError("no"))
    future = proxy._pyro.submit("echo", 1)
    assert isinstance(future.exception(PATIENCE_S), ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        future.result()


def test_submitting_does_not_wait(proxy: Proxy, server: Any, gate: Gate) -> None:
    server.scripts["echo"] = lambda peer, call: peer.reply(gate(call.args[0]))
    future = proxy._pyro.submit("echo", 1)
    assert gate.begun.wait(PATIENCE_S)
    assert future.running()
    assert not future.cancel()
    assert not future.delay(1)
    gate.open.set()
    assert future.result(PATIENCE_S) == 1


def test_calls_to_a_server_that_allows_one_at_a_time_keep_their_order(proxy: Proxy, server: Any) -> None:
    futures = [proxy._pyro.submit("echo", number) for number in range(50)]
    assert [future.result(PATIENCE_S) for future in futures] == list(range(50))
    assert [call.args[0] for call in server.calls] == list(range(50))
    assert len(server.connects) == 1


def test_a_name_that_is_no_method_is_refused(proxy: Proxy, server: Any) -> None:
    with pytest.raises(AttributeError, match="did you mean 'add'"):
        proxy._pyro.submit("ad").result(PATIENCE_S)  # found out when it was connected
    with pytest.raises(AttributeError, match="did you mean 'add'"):
        proxy._pyro.submit("ad")
    with pytest.raises(AttributeError, match="'x' is an attribute"):
        proxy._pyro.futures.x()
    with pytest.raises(AttributeError, match="private"):
        proxy._pyro.futures._secret  # noqa: B018
    assert "add" in dir(proxy._pyro.futures)
    assert str(server.uri) in repr(proxy._pyro.futures)
    assert server.calls == []


def test_arguments_may_have_any_name(proxy: Proxy, server: Any) -> None:
    proxy._pyro.submit("note", method=1, self=2, work=3).result(PATIENCE_S)
    assert server.noted.wait(PATIENCE_S)
    assert server.calls[-1].kwargs == {"method": 1, "self": 2, "work": 3}


def test_the_call_context_goes_along(proxy: Proxy, server: Any) -> None:
    server.scripts["echo"] = lambda peer, call: peer.reply(1, annotations={"RESP": b"r"})
    with context.outgoing({"TEST": b"t"}) as block:
        future = proxy._pyro.submit("echo", 1)
    assert future.result(PATIENCE_S) == 1
    assert dict(server.requests[-1].annotations) == {"TEST": b"t"}
    assert dict(block.response_annotations) == {"RESP": b"r"}


def test_a_future_can_be_awaited_in_an_event_loop(proxy: Proxy) -> None:
    async def story() -> None:
        assert await asyncio.wrap_future(proxy._pyro.submit("add", 2, 3)) == 5
        with pytest.raises(AttributeError):
            await asyncio.wrap_future(Task(fail)(AttributeError()))
        cancelled = Task(print)
        waiting = asyncio.wrap_future(cancelled._last)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(story())


def test_a_connection_that_breaks_ends_the_future(proxy: Proxy, server: Any) -> None:
    server.scripts["echo"] = lambda peer, call: peer.hang_up()
    with pytest.raises(ConnectionClosedError):
        proxy._pyro.submit("echo", 1).result(PATIENCE_S)
    assert proxy._pyro.submit("add", 1, 1).result(PATIENCE_S) == 2


# ---- chains


def test_then_gives_a_future_of_what_is_made_of_the_result(proxy: Proxy) -> None:
    first = proxy._pyro.submit("add", 1, 2)
    second = first.then(lambda a, b, c=0: a * b + c, 10, c=4)
    third = second.then(str)
    assert third.result(PATIENCE_S) == "34"
    assert (first.result(), second.result()) == (3, 34)
    assert first.then(lambda value: value + 1).result(PATIENCE_S) == 4


def test_functions_of_a_chain_run_in_another_thread() -> None:
    future = Task(int)().then(lambda _: threading.current_thread())
    assert future.result(PATIENCE_S) is not threading.current_thread()


def test_an_error_goes_down_the_chain_without_calling_the_functions() -> None:
    called: list[Any] = []
    error = ValueError("bad")
    end = Task(fail)(error).then(called.append).then(called.append)
    assert end.exception(PATIENCE_S) is error
    assert called == []


def test_an_error_in_a_function_is_that_of_its_own_future() -> None:
    first = Task(int)("5")
    second = first.then(lambda value: value / 0)
    with pytest.raises(ZeroDivisionError):
        second.result(PATIENCE_S)
    assert first.result() == 5


def test_the_error_handler_is_called_with_the_exception_and_only_then() -> None:
    errors: list[BaseException] = []
    called = threading.Event()

    def handler(error: BaseException) -> None:
        errors.append(error)
        called.set()

    error = ValueError("bad")
    good = Task(int)()
    assert good.iferror(handler) is good
    bad = Task(fail)(error).iferror(handler)
    assert called.wait(PATIENCE_S)
    assert errors == [error]
    assert bad.exception() is error


def test_cancelling_cancels_what_follows(gate: Gate) -> None:
    task = Task(gate)
    handled: list[Any] = []
    end = task._last.then(str).iferror(handled.append).then(str)
    assert task.cancel()
    assert task.cancel()
    assert end.cancelled()
    done, waiting = concurrent.futures.wait([task._last, end], timeout=0)
    assert (len(done), len(waiting)) == (2, 0)
    with pytest.raises(concurrent.futures.CancelledError):
        end.result()
    assert handled == []


def test_what_follows_can_be_cancelled_alone(gate: Gate) -> None:
    called: list[Any] = []
    first = Task(gate)(5)
    second = first.then(called.append)
    assert second.cancel()
    gate.open.set()
    assert first.result(PATIENCE_S) == 5
    assert first.then(str).result(PATIENCE_S) == "5"
    assert called == []


def test_a_call_that_can_be_stopped_is_stopped(gate: Gate) -> None:
    future = Task(gate)()
    assert gate.begun.wait(PATIENCE_S)
    future._cancel_running = lambda: gate.open.set() or True
    assert future.cancel()
    assert future.result(PATIENCE_S) is None
    assert not future.cancel()


def test_what_follows_can_be_delayed(gate: Gate) -> None:
    first = Task(gate)(5)
    second = first.then(str)
    assert second.delay(0.05)
    gate.open.set()
    assert first.result(PATIENCE_S) == 5
    assert second.result(PATIENCE_S) == "5"
    assert not second.delay(1)


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_a_delay_that_makes_no_sense_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Task(print).delay(seconds)


# ---- tasks


def test_a_task_runs_any_callable_with_its_chain() -> None:
    task = Task(int).then(lambda value, plus: value + plus, 2).then(str)
    future = task("40")
    assert future.result(PATIENCE_S) == "42"


def test_a_task_can_call_a_remote_method(proxy: Proxy) -> None:
    assert Task(proxy.add).then(lambda value: -value)(1, 2).result(PATIENCE_S) == -3


def test_the_error_handler_of_a_task_hears_of_the_whole_chain() -> None:
    errors: list[BaseException] = []
    called = threading.Event()
    task = Task(int).iferror(errors.append).then(lambda value: value / 0).iferror(lambda _: called.set())
    future = task("1")
    assert called.wait(PATIENCE_S)
    assert isinstance(future.exception(PATIENCE_S), ZeroDivisionError)


def test_a_delayed_task_begins_later_and_can_be_cancelled_until_then() -> None:
    called: list[int] = []
    task = Task(called.append)
    assert task.delay(100)
    future = task(1)
    assert not future.done()
    assert task.delay(200)
    assert task.cancel()
    assert future.cancelled()
    short = Task(called.append)
    assert short.delay(0.01)
    short(2).result(PATIENCE_S)
    assert called == [2]


def test_a_task_starts_once(gate: Gate) -> None:
    task = Task(gate)
    task(1)
    with pytest.raises(RuntimeError, match="started already"):
        task(1)
    with pytest.raises(RuntimeError, match="started already"):
        task.then(str)
    assert gate.begun.wait(PATIENCE_S)
    assert not task.cancel()
    cancelled = Task(gate)
    cancelled.cancel()
    with pytest.raises(RuntimeError, match="cancelled"):
        cancelled(1)
    with pytest.raises(TypeError, match="something to call"):
        Task(5)  # type: ignore[arg-type]


# ---- what happens to errors that nobody looks at


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Any:
    def messages() -> list[Any]:
        gc.collect()
        return [record.exc_info[1] for record in caplog.records if record.name == "pyro_client.futures"]

    with caplog.at_level(logging.ERROR):
        yield messages


def wait(future: Future[Any]) -> None:
    """Wait for a future without looking at it."""
    concurrent.futures.wait([future], PATIENCE_S)


def test_an_error_that_nobody_asked_for_is_logged(logged: Any) -> None:
    error = ValueError("lost")
    future = Task(fail)(error)
    wait(future)
    assert logged() == []
    del future
    assert logged() == [error]


def test_an_error_that_was_asked_for_or_passed_on_is_logged_once_at_most(logged: Any) -> None:
    future = Task(fail)(ValueError("seen"))
    assert future.exception(PATIENCE_S)
    del future
    error = ValueError("passed on")
    first = Task(fail)(error)
    second = first.then(str)
    wait(second)
    del first, second
    assert logged() == [error]


def test_an_error_of_an_error_handler_is_logged(logged: Any) -> None:
    error = KeyError("handler")
    called = threading.Event()

    def handler(_: BaseException) -> None:
        called.set()
        raise error

    future = Task(fail)(ValueError()).iferror(handler)
    wait(future)
    assert called.wait(PATIENCE_S)
    for _ in range(100):
        if logged():
            break
        threading.Event().wait(0.05)
    assert logged() == [error]


# ---- limits and endings


def test_too_many_waiting_calls_end_the_future_with_an_error() -> None:
    future: Future[int] = Future()

    def full(job: Any) -> None:
        raise PyroError("full")

    future._submit(int, full)
    with pytest.raises(PyroError, match="full"):
        future.result(PATIENCE_S)


def test_a_call_that_never_ends_does_not_keep_the_program_from_ending(server: Any) -> None:
    server.scripts["echo"] = lambda peer, call: peer.server.noted.set()
    script = f"""
        import sys
        sys.path.insert(0, {os.path.dirname(__file__)!r})
        import conftest
        from pyro_client import Proxy
        from pyro_core.settings import ClientSettings
        proxy = Proxy({str(server.uri)!r}, settings=ClientSettings(serializer="plain"))
        future = proxy._pyro.submit("echo", 1)
        later = future.then(print)
        later.delay(100)
        sys.stdin.read()
        print("the end")
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert server.noted.wait(PATIENCE_S)
        assert process.communicate(timeout=PATIENCE_S) == ("the end\n", "")
    assert process.returncode == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_the_child_of_a_fork_can_submit_calls(proxy: Proxy, server: Any, gate: Gate) -> None:
    server.scripts["echo"] = lambda peer, call: peer.reply(gate(call.args[0]))
    future = proxy._pyro.submit("echo", 1)
    assert gate.begun.wait(PATIENCE_S)
    child = os.fork()
    if child == 0:
        os._exit(0 if proxy._pyro.submit("add", 1, 2).result(PATIENCE_S) == 3 else 1)
    assert os.waitpid(child, 0)[1] == 0
    gate.open.set()
    assert future.result(PATIENCE_S) == 1
