"""What becomes of calls whose connection fails: executed once at most, and errors that say what is known."""

import asyncio
import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from subprocess import Popen
from typing import Any

import processes
import pytest
from relay import CuttingRelay

from pyro_client import AsyncProxy, Proxy
from pyro_core import delivery_of
from pyro_core.errors import (
    EXECUTED,
    MAYBE_EXECUTED,
    NOT_EXECUTED,
    CommunicationError,
    ConnectionClosedError,
    MessageTooLarge,
    SerializeError,
    TimeoutError,
)
from pyro_core.settings import ClientSettings, Limits, ServerSettings, Timeouts
from pyro_core.uri import URI
from pyro_server import Daemon, expose

PATIENCE_S = 20.0
SERVER = Path(__file__).parent / "peers" / "counting_server.py"
METHODS = pytest.mark.parametrize("method", ["work", "work_async"])
Behind = tuple[Daemon, CuttingRelay, URI]


@expose
class Counter:
    """Counts how often it is called."""

    def __init__(self) -> None:
        self.count = 0
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()

    def work(self) -> int:
        self.count += 1
        self.begun.release()
        assert self.go_on.wait(PATIENCE_S)
        return self.count

    async def work_async(self) -> int:
        self.count += 1
        self.begun.release()
        assert await asyncio.to_thread(self.go_on.wait, PATIENCE_S)
        return self.count

    def add(self) -> int:
        self.count += 1
        return self.count

    def large(self, size: int) -> bytes:
        self.count += 1
        return bytes(size)

    def fail(self) -> None:
        raise CommunicationError("of the method's own", retry_safe=True)


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture(params=["threaded", "asyncio"])
def behind(counter: Counter, request: pytest.FixtureRequest) -> Iterator[Behind]:
    """A daemon, a relay in front of it, and the address of the counter behind the relay."""
    limits = replace(Limits(), max_kept_bytes=4_000)
    with Daemon(ServerSettings(host="127.0.0.1", servertype=request.param, limits=limits)) as daemon:
        uri = daemon.register(counter)
        daemon.start()
        with CuttingRelay(uri.port or 0) as relay:
            yield daemon, relay, URI(f"PYRO:{uri.object}@127.0.0.1:{relay.port}")
        counter.go_on.set()


def settings(max_retries: int = 3, timeout_s: float = PATIENCE_S) -> ClientSettings:
    return ClientSettings(max_retries=max_retries, timeouts=Timeouts(call_s=timeout_s))


# ---- at most once


@METHODS
def test_a_repeated_call_that_still_runs_gets_its_answer(
    counter: Counter, behind: Behind, pool: ThreadPoolExecutor, method: str
) -> None:
    _, relay, uri = behind
    with Proxy(uri, settings=settings()) as proxy:
        answer = pool.submit(getattr(proxy, method))
        assert counter.begun.acquire(timeout=PATIENCE_S)
        relay.cut()
        with Proxy(uri) as other:
            again = False
            while not again and not waiting(behind[0]):  # calls go round meanwhile
                assert other.large(0) == b""
                again = counter.begun.acquire(blocking=False)
            counter.count = 1
        counter.go_on.set()
        assert not again
        assert answer.result(PATIENCE_S) == 1
        assert counter.count == 1
        assert relay.accepted > 2


def waiting(daemon: Daemon) -> bool:
    """Whether a repeated call waits for the answer of the first."""
    return any(entry.waiters for entry in list(daemon._host.memory._entries.values()))


def test_a_lost_answer_is_said_again(counter: Counter, behind: Behind, pool: ThreadPoolExecutor) -> None:
    _, relay, uri = behind
    with Proxy(uri, settings=settings()) as proxy:
        assert proxy.add() == 1
        relay.swallow_answers()
        answer = pool.submit(proxy.add)
        assert relay.wait_until_swallowed(PATIENCE_S)
        relay.cut()
        assert answer.result(PATIENCE_S) == 2
        assert proxy.add() == 3
        assert relay.accepted == 2


def test_a_lost_answer_is_said_again_with_asyncio(counter: Counter, behind: Behind) -> None:
    async def main() -> None:
        _, relay, uri = behind
        async with AsyncProxy(uri, settings=settings()) as proxy:
            assert await proxy.add() == 1
            relay.swallow_answers()
            answer = asyncio.create_task(proxy.add())
            assert await asyncio.to_thread(relay.wait_until_swallowed, PATIENCE_S)
            relay.cut()
            assert await answer == 2
        assert counter.count == 2

    asyncio.run(main())


def test_a_call_that_takes_longer_than_the_timeout_is_executed_once(
    counter: Counter, behind: Behind, pool: ThreadPoolExecutor
) -> None:
    with Proxy(behind[2], settings=settings(max_retries=1_000)) as proxy:
        proxy._pyro.bind()  # which may take longer
        proxy._pyro.timeout_s = 0.05
        answer = pool.submit(proxy.work)
        while not waiting(behind[0]):
            assert not answer.done()
        counter.go_on.set()
        assert answer.result(PATIENCE_S) == 1


def test_an_answer_that_is_too_large_to_be_kept_is_not_made_twice(
    counter: Counter, behind: Behind, pool: ThreadPoolExecutor
) -> None:
    _, relay, uri = behind
    with Proxy(uri, settings=settings()) as proxy:
        assert len(proxy.large(1_000 - 100)) == 900
        relay.swallow_answers()
        answer = pool.submit(proxy.large, 1_001)
        assert relay.wait_until_swallowed(PATIENCE_S)
        relay.cut()
        with pytest.raises(CommunicationError, match="was not kept") as caught:
            answer.result(PATIENCE_S)
        assert caught.value.delivery == EXECUTED
        assert counter.count == 2


def test_who_asks_once_more_gets_nobody_elses_answer(counter: Counter, behind: Behind) -> None:
    with Proxy(behind[2], settings=settings()) as one, Proxy(behind[2], settings=settings()) as other:
        assert [one.add(), other.add(), one.add()] == [1, 2, 3]


# ---- killed at each moment


def start(port: int, path: Path) -> Any:
    return processes.running([sys.executable, str(SERVER), str(path), str(port)])


def ready(process: "Popen[str]") -> URI:
    return URI(processes.wait_for(process, "ready ").removeprefix("ready "))


@pytest.mark.skipif(sys.platform == "win32", reason="signals are for POSIX systems")
@pytest.mark.parametrize("max_retries", [0, 20])
def test_killed_while_it_runs_it_may_have_been_executed_and_is_not_repeated(
    tmp_path: Path, max_retries: int, pool: ThreadPoolExecutor
) -> None:
    path = tmp_path / "calls"
    path.touch()
    with start(0, path) as first:
        uri = ready(first)
        with Proxy(uri, settings=settings(max_retries)) as proxy:
            answer = pool.submit(proxy.die_the_first_time)
            first.wait(PATIENCE_S)
            with start(uri.port or 0, path) as second:
                ready(second)
                with pytest.raises(CommunicationError) as caught:
                    answer.result(PATIENCE_S)
                assert caught.value.delivery == MAYBE_EXECUTED
                assert not caught.value.retry_safe
                assert proxy.count() == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals are for POSIX systems")
def test_what_is_idempotent_is_repeated_on_another_server(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    path = tmp_path / "calls"
    path.touch()
    with start(0, path) as first:
        uri = ready(first)
        with Proxy(uri, settings=settings(20)) as proxy:
            answer = pool.submit(proxy.die_once)
            first.wait(PATIENCE_S)
            with start(uri.port or 0, path) as second:
                ready(second)
                assert answer.result(PATIENCE_S) == "done"
                assert proxy.count() == 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals are for POSIX systems")
def test_killed_between_calls_the_next_one_is_not_executed(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    path.touch()
    with start(0, path) as process:
        uri = ready(process)
        with Proxy(uri, settings=settings(0)) as proxy:
            assert proxy.die_soon() == "answered"
            process.wait(PATIENCE_S)
            outcomes = []
            for _ in range(2):
                with pytest.raises(CommunicationError) as caught:
                    proxy.count()
                outcomes.append(caught.value.delivery)
            # What was sent before the end of the connection was noticed may have arrived, for all one knows.
            assert outcomes[0] in (MAYBE_EXECUTED, NOT_EXECUTED)
            assert outcomes[1] == NOT_EXECUTED


# ---- what else errors say


def test_what_errors_say(counter: Counter, behind: Behind) -> None:
    with Proxy(behind[2], settings=settings(0)) as proxy:
        with pytest.raises(CommunicationError, match="own") as own:
            proxy.fail()
        with pytest.raises(SerializeError) as unsendable:
            proxy.large(object())
        with pytest.raises(TypeError) as unsuitable:
            proxy.large("x")
        proxy._pyro.timeout_s = 0.05
        with pytest.raises(TimeoutError) as late:
            proxy.work()
    said = [delivery_of(caught.value) for caught in (own, unsendable, unsuitable, late)]
    assert said == [EXECUTED, NOT_EXECUTED, EXECUTED, MAYBE_EXECUTED]
    assert not own.value.retry_safe


def test_a_call_that_is_too_large_is_not_sent(counter: Counter, behind: Behind) -> None:
    limits = Limits(max_message_bytes=2_000)
    with Proxy(behind[2], settings=ClientSettings(limits=limits)) as proxy:
        with pytest.raises(MessageTooLarge) as caught:
            proxy.large("x" * 3_000)
        assert caught.value.delivery == NOT_EXECUTED
        assert counter.count == 0


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    with Proxy(f"PYRO:nobody@127.0.0.1:{port}") as proxy, pytest.raises(CommunicationError) as caught:
        proxy.add()
    assert caught.value.delivery == NOT_EXECUTED


def test_a_server_that_stops_has_not_begun_it(
    counter: Counter, behind: Behind, pool: ThreadPoolExecutor
) -> None:
    daemon, _, uri = behind
    with Proxy(uri) as proxy:
        answer = pool.submit(proxy.work)
        assert counter.begun.acquire(timeout=PATIENCE_S)
        draining = threading.Event()
        host = daemon._host
        usual = host.drain
        host.drain = lambda: (usual(), draining.set())  # type: ignore[method-assign, assignment]
        daemon.shutdown()
        assert draining.wait(PATIENCE_S)
        with pytest.raises(CommunicationError, match="stopping") as caught:
            proxy.add()
        assert caught.value.retry_safe
        assert caught.value.delivery == NOT_EXECUTED
        counter.go_on.set()
        assert answer.result(PATIENCE_S) == 1


def test_a_connection_that_is_lost_is_told_as_such(
    counter: Counter, behind: Behind, pool: ThreadPoolExecutor
) -> None:
    _, relay, uri = behind
    with Proxy(uri) as proxy:
        answer = pool.submit(proxy.work)
        assert counter.begun.acquire(timeout=PATIENCE_S)
        relay.cut()
        with pytest.raises(ConnectionClosedError) as caught:
            answer.result(PATIENCE_S)
        assert caught.value.delivery == MAYBE_EXECUTED
