"""Limits of what one client may cost: each at its value and just above, with an error that says so."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import Any

import pytest

from pyro_client import AsyncProxy, Proxy
from pyro_core import delivery_of
from pyro_core.errors import NOT_EXECUTED, CommunicationError, ConnectionRejected, PyroError
from pyro_core.settings import Limits, ServerSettings
from pyro_core.uri import URI
from pyro_server import Daemon, expose

PATIENCE_S = 20.0
SERVERS = pytest.mark.parametrize("servertype", ["threaded", "multiplex", "asyncio"])


@expose
class Thing:
    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.executed = 0

    def echo(self, value: Any) -> Any:
        return value

    async def hello(self) -> str:
        return "hello"

    def items(self) -> Iterator[int]:
        yield from range(3)

    def wait(self) -> str:
        self.executed += 1
        self.begun.release()
        assert self.go_on.wait(PATIENCE_S)
        return "done"

    def publish(self) -> str:
        published = Published()
        self._daemon.register(published, session=True)  # type: ignore[attr-defined]
        return self._daemon.uri_for(published).object  # type: ignore[attr-defined, no-any-return]


@expose
class Published:
    def hello(self) -> str:
        return "hello"


@contextmanager
def served(servertype: str, threads: int = 16, **limits: int) -> Iterator[tuple[Thing, URI]]:
    thing = Thing()
    settings = ServerSettings(
        host="127.0.0.1",
        servertype=servertype,
        threads=threads,
        limits=Limits(**limits),  # type: ignore[arg-type]
    )
    with Daemon(settings) as daemon:
        thing._daemon = daemon  # type: ignore[attr-defined]
        uri = daemon.register(thing)
        daemon.start()
        try:
            yield thing, uri
        finally:
            thing.go_on.set()


def bind(proxy: Proxy) -> None:
    """Connect as soon as the server has noticed that somebody else has gone."""
    until = monotonic() + PATIENCE_S
    while monotonic() < until:
        try:
            proxy._pyro.bind()
            return
        except CommunicationError as problem:
            failed = problem
    raise failed


@SERVERS
def test_connections_of_one_peer(servertype: str) -> None:
    with served(servertype, max_connections_per_peer=2) as (_, uri), ExitStack() as stack:
        first, second, third = (stack.enter_context(Proxy(uri)) for _ in range(3))
        assert first.echo(1) == second.echo(1) == 1
        with pytest.raises(ConnectionRejected, match=r"too many connections from 127.0.0.1 \(2\)") as caught:
            third.echo(1)
        assert caught.value.delivery == NOT_EXECUTED
        assert first.echo(2) == second.echo(2) == 2
        second._pyro.release()
        bind(third)
        assert third.echo(3) == 3


@SERVERS
def test_handshakes_under_way(servertype: str) -> None:
    with served(servertype, max_handshakes_per_peer=2) as (_, uri), ExitStack() as stack:
        busy = stack.enter_context(Proxy(uri))
        assert busy.echo(1) == 1
        address = ("127.0.0.1", uri.port or 0)
        silent = [stack.enter_context(socket.create_connection(address, PATIENCE_S / 4)) for _ in range(3)]
        assert silent[2].recv(1) == b""  # closed, as one too many
        for sock in silent[:2]:
            sock.setblocking(False)
            with pytest.raises(BlockingIOError):
                sock.recv(1)
        assert busy.echo(2) == 2
        silent[0].close()
        other = stack.enter_context(Proxy(uri))
        bind(other)
        assert other.echo(3) == 3


@SERVERS
def test_streams_of_one_connection(servertype: str) -> None:
    with served(servertype, max_streams_per_connection=2) as (_, uri), ExitStack() as stack:
        greedy, other = (stack.enter_context(Proxy(uri)) for _ in range(2))
        first, _second = greedy.items(), greedy.items()
        with pytest.raises(PyroError, match=r"on this connection \(2\).*max_streams_per_connection"):
            greedy.items()
        assert list(other.items()) == [0, 1, 2]
        assert list(first) == [0, 1, 2]


@SERVERS
def test_objects_of_one_session(servertype: str) -> None:
    with served(servertype, max_tracked=2) as (thing, uri), Proxy(uri) as greedy, Proxy(uri) as other:
        assert len({greedy.publish(), greedy.publish()}) == 2
        with pytest.raises(PyroError, match=r"too many objects belong to the connection.*max_tracked"):
            greedy.publish()
        registered = thing._daemon._host.objects.by_id  # type: ignore[attr-defined]
        assert sum(type(entry.target) is Published for entry in registered.values()) == 2
        assert other.publish()


@SERVERS
def test_calls_in_a_second(servertype: str) -> None:
    with served(servertype, max_calls_per_s=5) as (_, uri), Proxy(uri) as greedy, Proxy(uri) as other:
        answered = []
        began = monotonic()
        with pytest.raises(CommunicationError, match="more than 5 calls in a second") as caught:
            for number in range(100):
                answered.append(greedy.echo(number))
        assert answered[:5] == [0, 1, 2, 3, 4]
        assert len(answered) <= 5 + 5 * (monotonic() - began)
        assert caught.value.delivery == NOT_EXECUTED
        assert other.echo(1) == 1
        greedy._pyro.max_retries = 50
        assert [greedy.echo(number) for number in range(3)] == [0, 1, 2]  # waits as long as it takes


def test_calls_that_wait_for_a_thread() -> None:
    with served("threaded", threads=1, max_calls_waiting=2) as (thing, uri), ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(6))
        proxy = stack.enter_context(Proxy(uri))
        answers = [pool.submit(proxy.wait)]
        assert thing.begun.acquire(timeout=PATIENCE_S)
        answers += [pool.submit(proxy.wait) for _ in range(5)]
        assert "too busy" in str(next(as_completed(answers[1:], PATIENCE_S / 4)).exception())
        thing.go_on.set()
        for answer in answers:
            problem = answer.exception(PATIENCE_S)
            assert problem is None or "too busy" in str(problem)
            assert problem is None or delivery_of(problem) == NOT_EXECUTED
        assert thing.executed == sum(answer.exception() is None for answer in answers)


def test_a_server_with_a_loop_stops_reading_where_calls_wait_for_a_thread() -> None:
    async def come(thing: Thing, uri: URI) -> None:
        async with AsyncProxy(uri) as many, AsyncProxy(uri) as other:

            async def calls(more: int) -> int:
                """Calls that the server knows of, after so many more have been sent to it."""
                answers.extend(asyncio.create_task(many.wait()) for _ in range(more))
                for _ in range(3):  # the loop has looked at both connections then
                    assert await other.hello() == "hello"
                return daemon.health().calls

            answers: list[asyncio.Task[Any]] = []
            daemon = thing._daemon  # type: ignore[attr-defined]
            assert [await many.hello(), await other.hello()] == ["hello"] * 2
            assert await calls(3) == 3
            assert await calls(1) == 4
            assert await calls(20) == 4
            thing.go_on.set()
            assert await asyncio.wait_for(asyncio.gather(*answers), PATIENCE_S) == ["done"] * 24

    with served("asyncio", threads=1, max_calls_waiting=2) as (thing, uri):
        asyncio.run(come(thing, uri))


def test_a_limit_of_calls_costs_nothing_where_there_is_none() -> None:
    with served("threaded") as (thing, uri), Proxy(uri) as proxy:
        assert proxy.echo(1) == 1
        assert type(thing._daemon._host.connection_made("h:1", None)).__name__ == "ServerEngine"  # type: ignore[attr-defined]
