"""What one connection, shared by many calls, does and does not do to others."""

import logging
import socket
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import monotonic
from typing import Any

import processes
import pytest

from pyro_client import Proxy, batch
from pyro_core import plugins
from pyro_core.client_session import ClientSession
from pyro_core.context import current_call
from pyro_core.convert import ClassRules
from pyro_core.errors import DaemonError, MessageTooLarge, TimeoutError
from pyro_core.events import Accepted
from pyro_core.features import SUPPORTED
from pyro_core.net import sockets
from pyro_core.settings import Limits, ServerSettings, Timeouts
from pyro_core.uri import URI
from pyro_server import Daemon, callback, expose, oneway
from pyro_server.transports import oneways

PATIENCE_S = 20.0
MIB = 1 << 20
ALL = pytest.mark.parametrize("servertype", ["threaded", "multiplex", "asyncio"])
PARALLEL = pytest.mark.parametrize("servertype", ["threaded", "asyncio"])


@expose
class Works:
    def __init__(self) -> None:
        self.executed = 0
        self.gate = threading.Event()
        self.cancelled = threading.Event()
        self.barrier = threading.Barrier(10)
        self.other: Any = None

    def quick(self, value: Any = "quick") -> Any:
        return value

    def large(self) -> str:
        self.executed += 1
        return "x" * MIB

    def cooperative(self) -> None:
        self.executed += 1
        try:
            while not self.gate.wait(0.01):
                current_call().raise_if_cancelled()
        except Exception:
            self.cancelled.set()
            raise

    def until_cancelled(self) -> None:
        self.executed += 1
        until = monotonic() + PATIENCE_S
        while not current_call().cancelled and not self.gate.wait(0.01):
            assert monotonic() < until
        self.cancelled.set()

    def meet(self) -> int:
        return self.barrier.wait(PATIENCE_S)

    def remaining_s(self) -> float | None:
        return current_call().remaining_s

    def nested_remaining_s(self) -> float | None:
        left_s: float | None = self.other.remaining_s()
        return left_s

    def nested_wait(self) -> None:
        self.other.cooperative()

    def call(self, target: Any, *args: Any) -> Any:
        return target(*args)

    def call_back(self, target: Any) -> Any:
        with target:
            return target.back()

    @oneway
    def wait_for_gate(self) -> None:
        assert self.gate.wait(PATIENCE_S)
        self.executed += 1

    @oneway
    def fail(self) -> None:
        raise ValueError("nobody waits for this")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def serving(servertype: str, works: Works, **changes: Any) -> Any:
    daemon = Daemon(ServerSettings(servertype=servertype, **changes))
    return daemon, daemon.register(works, "works")


def test_a7_oneway_calls_have_a_bounded_pool_and_none_is_lost() -> None:
    works = Works()
    daemon, uri = serving("threaded", works, threads=8)
    with daemon, Proxy(uri) as proxy:
        before = threading.active_count()
        daemon.start()
        for _ in range(300):
            proxy.wait_for_gate()
        assert proxy.quick() == "quick"  # which comes after all of them
        until = monotonic() + 20 * oneways.PATIENCE_S  # now and then a further thread is started
        while monotonic() < until:
            assert proxy.quick() == "quick"
            assert threading.active_count() <= before + 1 + 8
        works.gate.set()
        until = monotonic() + PATIENCE_S
        while works.executed < 300:
            assert monotonic() < until
            proxy.quick()


@ALL
def test_a7_the_error_of_a_oneway_call_is_logged(servertype: str, caplog: pytest.LogCaptureFixture) -> None:
    daemon, uri = serving(servertype, Works())
    seen = threading.Event()

    class Watch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "nobody waits for this" in record.getMessage():
                seen.set()

    watch = Watch()
    logging.getLogger("pyro_server").addHandler(watch)
    try:
        with daemon, Proxy(uri) as proxy:
            daemon.start()
            proxy.fail()
            assert seen.wait(PATIENCE_S / 4)
    finally:
        logging.getLogger("pyro_server").removeHandler(watch)


def raw_client(uri: URI) -> tuple[socket.socket, ClientSession, Any]:
    """A connection that was accepted, its session and serializer; nobody reads from it."""
    serializer = plugins.serializers().load("json")(ClassRules().for_version(502))
    session = ClientSession(version=502, limits=Limits(), features=SUPPORTED)
    sock = sockets.connect(uri, timeout_s=PATIENCE_S)
    hello = serializer.encode_value({"handshake": "hello", "object": uri.object})
    sock.sendall(session.connect(3, hello))
    while not (events := session.events()):
        session.receive_data(sock.recv(65536))
    assert isinstance(events[0], Accepted)
    return sock, session, serializer


@ALL
def test_a8_a_client_that_reads_no_answers_is_closed_before_it_costs_much(servertype: str) -> None:
    works = Works()
    daemon, uri = serving(
        servertype,
        works,
        threads=4,
        limits=replace(Limits(), max_write_buffer_bytes=4 * MIB),
        timeouts=replace(Timeouts(), write_s=1.0),
    )
    with daemon, Proxy(uri) as neighbour:
        daemon.start()
        sock, session, serializer = raw_client(uri)
        with sock:
            tracemalloc.start()
            try:
                payload = serializer.encode_call("works", "large", (), {})
                try:
                    for _ in range(100):
                        sock.sendall(session.call(3, payload))
                except (BrokenPipeError, ConnectionResetError):
                    pass  # closed already
                received = 0
                until = monotonic() + PATIENCE_S / 4
                try:
                    while data := sock.recv(1 << 20) if closed(daemon) else b"waiting":
                        received += len(data)
                        assert neighbour.quick() == "quick"
                        assert monotonic() < until
                except ConnectionResetError:
                    pass  # with unread requests
                assert closed(daemon)
                # All the answers together, each of which is made and serialized, would be 300 MiB.
                assert tracemalloc.get_traced_memory()[1] < 100 * MIB
            finally:
                tracemalloc.stop()


def closed(daemon: Daemon) -> bool:
    """Whether the daemon has only the neighbour's connection left."""
    return len(daemon._transport.connections) <= 1


def test_a14_a_batch_whose_results_grow_too_large_ends_while_it_is_run() -> None:
    works = Works()
    daemon, uri = serving("threaded", works, limits=replace(Limits(), max_message_bytes=10 * MIB))
    with daemon, Proxy(uri) as proxy:
        daemon.start()
        calls = batch(proxy)
        for _ in range(100):
            calls.large()
        with pytest.raises(MessageTooLarge):
            list(calls())
        assert works.executed < 20
        assert proxy.quick() == "quick"


@PARALLEL
def test_b2_a_call_that_timed_out_is_taken_back_and_not_repeated(servertype: str) -> None:
    works = Works()
    daemon, uri = serving(servertype, works)
    with daemon, Proxy(uri) as proxy:
        daemon.start()
        proxy.quick()
        connection = proxy._pyro.connection
        proxy._pyro.timeout_s = 0.2
        with pytest.raises(TimeoutError):
            proxy.until_cancelled()
        assert works.cancelled.wait(PATIENCE_S / 4)
        proxy._pyro.timeout_s = None
        assert proxy.quick() == "quick"
        assert proxy._pyro.connection is connection
        assert works.executed == 1


def test_b3_a_deadline_is_known_to_the_server_and_to_nested_calls() -> None:
    inner, outer = Works(), Works()
    one, inner_uri = serving("threaded", inner)
    other, outer_uri = serving("asyncio", outer)
    with one, other, Proxy(inner_uri) as nested, Proxy(outer_uri) as proxy:
        one.start()
        other.start()
        outer.other = nested
        assert proxy.remaining_s() is None
        assert proxy.nested_remaining_s() is None
        proxy._pyro.timeout_s = 15
        assert 0 < proxy.remaining_s() <= 15
        assert 0 < proxy.nested_remaining_s() <= 15
        proxy._pyro.timeout_s = 0.3
        with pytest.raises(TimeoutError):
            proxy.nested_wait()
        assert inner.cancelled.wait(PATIENCE_S)


@PARALLEL
def test_b9_calls_of_several_threads_do_not_wait_for_each_other(
    servertype: str, pool: ThreadPoolExecutor
) -> None:
    daemon, uri = serving(servertype, Works())
    with daemon, Proxy(uri) as proxy:
        daemon.start()
        answers = [pool.submit(proxy.meet) for _ in range(10)]
        assert sorted(answer.result(PATIENCE_S) for answer in answers) == list(range(10))
        assert len(daemon._transport.connections) == 1


@ALL
def test_b10_a_callback_may_use_the_proxy_that_waits_for_it(servertype: str) -> None:
    daemon, uri = serving(servertype, Works())
    with daemon, Proxy(uri) as proxy:
        daemon.start()
        proxy._pyro.timeout_s = PATIENCE_S / 4
        back = proxy._pyro.offer(lambda value: [proxy.quick(value)])
        assert proxy.call(back, 5) == [5]


@ALL
def test_what_is_withdrawn_can_be_called_no_more(servertype: str) -> None:
    daemon, uri = serving(servertype, Works())
    with daemon, Proxy(uri) as proxy:
        daemon.start()
        back = proxy._pyro.offer(lambda value: value)
        assert proxy.call(back, 5) == 5
        proxy._pyro.withdraw(back)
        proxy._pyro.withdraw(back)
        with pytest.raises(DaemonError):
            proxy.call(back, 5)


class Listener:
    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy

    @expose
    @callback
    def back(self) -> Any:
        return self.proxy.quick()


@pytest.mark.timeout(PATIENCE_S)
def test_b10_where_calls_take_turns_it_is_a_timeout_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyro_client.dialogue.TURN_S", 0.2)
    daemon, uri = serving("threaded", Works())
    with daemon, Daemon() as own, Proxy(uri) as proxy:
        daemon.start()
        own.start()
        proxy._pyro._profile.extras = False  # as with a stock server
        listener = Listener(proxy)
        own.register(listener)
        with pytest.raises(TimeoutError, match="copy of the proxy"):
            proxy.call_back(Proxy(own.uri_for(listener)))


FORKING = """
import os, sys
from pyro_client import Proxy
with Proxy(sys.argv[1]) as proxy:
    reference = proxy._pyro.offer(lambda value: value + 1)
    assert proxy.call(reference, 1) == 2
    items = proxy.items(100)
    taken = [next(items)]
    peer = proxy.peer()
    child = os.fork()
    if not child:
        proxy._pyro.timeout_s = 5
        assert proxy.peer() != peer
        assert proxy.call(proxy._pyro.offer(lambda value: value * 2), 4) == 8
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    taken += items
    assert taken == list(range(100)), taken
    assert proxy.call(reference, 1) == 2
    assert proxy.peer() == peer
    print("both went on")
"""


@pytest.mark.skipif(not hasattr(sys.modules["os"], "fork"), reason="this system does not fork")
def test_b11_a_forked_child_makes_a_connection_of_its_own_and_the_parent_goes_on() -> None:
    @expose
    class Streams(Works):
        def items(self, to: int) -> Iterator[int]:
            yield from range(to)

        def peer(self) -> str:
            return current_call().client_address

    daemon, uri = serving("threaded", Streams())
    with daemon:
        daemon.start()
        done = processes.run([sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKING, str(uri)])
        assert done.stdout == "both went on\n"
