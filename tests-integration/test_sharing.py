"""What sharing a connection and pushing streams are for, in numbers with wide room."""

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from itertools import count, islice
from pathlib import Path
from time import perf_counter

import processes
import pytest
from chapter_daemons import PATIENCE_S, serving
from stock_env import stock_python

from pyro_client import AsyncProxy, Proxy
from pyro_core.settings import ClientSettings
from pyro_core.streams import MOST_IN_MESSAGE, WINDOW_BYTES, WINDOW_ITEMS
from pyro_server import expose

CALLS = 100
PAUSE_S = 0.05
MANY = 100_000
SAMPLE = 2_000
"""Items that are taken from a stock server, and counted as many times as it takes."""
FASTER = 20
BLOCK_BYTES = 20_000
AT_MOST_MIB = 24

servers = pytest.mark.parametrize("servertype", ["threaded", "asyncio"])
all_servers = pytest.mark.parametrize("servertype", ["threaded", "multiplex", "asyncio"])


def peer(servertype: str) -> AbstractContextManager[str]:
    return processes.server("our_subject.py", servertype)


@expose
class Gate:
    def __init__(self) -> None:
        self._open = threading.Event()

    def wait(self) -> bool:
        return self._open.wait(PATIENCE_S)

    def open(self) -> None:
        self._open.set()


@pytest.mark.parametrize("rest", [0, 10], ids=["whole", "in two parts"])
def test_a_call_that_came_with_a_long_one_does_not_wait_for_it(rest: int) -> None:
    with serving(Gate()) as uri, Proxy(uri) as proxy:
        proxy._pyro.bind()
        connection = proxy._pyro.connection
        assert connection is not None
        session, sock = connection.session, connection.link.sock
        sock.settimeout(PATIENCE_S)
        calls = b"".join(
            session.call(
                connection.serializer_id,
                connection.serializer.encode_call(connection.uri.object, method, (), {}),
            )
            for method in ("wait", "open")
        )
        sock.sendall(calls[: len(calls) - rest])
        sock.sendall(calls[len(calls) - rest :])
        answers: list[object] = []
        while len(answers) < 2:
            session.receive_data(sock.recv(65536))
            answers += [
                connection.serializer.decode_value(event.message.payload) for event in session.events()
            ]
        assert answers in ([None, True], [True, None])


@servers
def test_a_hundred_calls_of_threads_wait_together_on_one_connection(servertype: str) -> None:
    with peer(servertype) as uri, Proxy(uri) as proxy, ThreadPoolExecutor(CALLS) as pool:
        proxy._pyro.bind()
        connection = proxy._pyro.connection
        began = perf_counter()
        list(pool.map(proxy.pause, [PAUSE_S] * CALLS))
        assert perf_counter() - began < CALLS * PAUSE_S / 5
        assert proxy._pyro.connection is connection


@servers
def test_a_hundred_calls_of_tasks_wait_together_on_one_connection(servertype: str) -> None:
    async def together(uri: str) -> float:
        async with AsyncProxy(uri) as proxy:
            await proxy._pyro.bind()
            connection = proxy._pyro.connection
            began = perf_counter()
            await asyncio.gather(*(proxy.pause(PAUSE_S) for _ in range(CALLS)))
            took_s = perf_counter() - began
            assert proxy._pyro.connection is connection
            return took_s

    with peer(servertype) as uri:
        assert asyncio.run(together(uri)) < CALLS * PAUSE_S / 5


async def taken_by_async(uri: str, number: int) -> float:
    """Seconds that a stream of so many items takes."""
    async with AsyncProxy(uri) as proxy:
        await proxy._pyro.bind()
        began = perf_counter()
        taken = 0
        async for _ in await proxy.count_to(number):
            taken += 1
        assert taken == number
        return perf_counter() - began


async def taken_by_sync(uri: str, number: int) -> float:
    """The same with a blocking client."""
    with Proxy(uri) as proxy:
        proxy._pyro.bind()
        began = perf_counter()
        assert sum(1 for _ in proxy.count_to(number)) == number
        return perf_counter() - began


@all_servers
@pytest.mark.parametrize("taken", [taken_by_sync, taken_by_async])
def test_a_pushed_stream_is_much_faster_than_that_of_a_stock_server(
    servertype: str, taken: Callable[[str, int], Awaitable[float]]
) -> None:
    stock = processes.server("stock_subject.py", "5", python=stock_python())
    with stock as stock_uri, peer(servertype) as uri:
        stock_s = asyncio.run(taken(stock_uri, SAMPLE)) * MANY / SAMPLE
        assert asyncio.run(taken(uri, MANY)) * FASTER < stock_s


class Producer:
    """Counts what it makes."""

    def __init__(self) -> None:
        self.made = 0
        self._more = threading.Condition()

    @expose
    def numbers(self) -> Iterator[int]:
        for number in count():
            with self._more:
                self.made += 1
                self._more.notify_all()
            yield number

    def made_at_least(self, number: int, timeout_s: float = PATIENCE_S) -> bool:
        with self._more:
            return self._more.wait_for(lambda: self.made >= number, timeout_s)


@all_servers
def test_a_slow_reader_holds_the_producer_to_the_window(servertype: str) -> None:
    producer = Producer()
    with serving(producer, servertype=servertype) as uri, Proxy(uri) as proxy:
        items = proxy.numbers()
        ahead = 1 if servertype == "multiplex" else WINDOW_ITEMS // 4  # there, as far as one slice goes
        taken = 0
        for step in [1, 10, 3_000, 500]:
            taken += sum(1 for _ in islice(items, step))
            assert producer.made_at_least(taken + ahead)  # it is ahead ...
            assert not producer.made_at_least(taken + WINDOW_ITEMS + MOST_IN_MESSAGE + 1, 0.1)  # ... so far
        items.close()


def memory_mib(process: int) -> float:
    """The most memory that a process ever had."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    (peak,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
@all_servers
def test_a_slow_reader_costs_the_server_no_memory(servertype: str) -> None:
    number = 3 * AT_MOST_MIB * 2**20 // BLOCK_BYTES
    assert number * BLOCK_BYTES > 3 * WINDOW_BYTES
    settings = ClientSettings(serializer="msgpack")
    script = [sys.executable, str(processes.PEERS / "our_subject.py"), servertype]
    with processes.running(script) as process:
        uri = processes.wait_for(process, "ready ").removeprefix("ready ")
        with Proxy(uri, settings=settings) as proxy:
            assert len(list(proxy.blocks(10, BLOCK_BYTES))) == 10
            before_mib = memory_mib(process.pid)
            items = proxy.blocks(number, BLOCK_BYTES)
            assert len(next(items)) == BLOCK_BYTES
            for _ in range(number):  # time enough to make them all
                proxy.nothing()
            assert len(list(islice(items, number // 2))) == number // 2
            assert memory_mib(process.pid) - before_mib < AT_MOST_MIB
            items.close()
