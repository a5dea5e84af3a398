"""A9: a daemon that stops lets what runs end, begins nothing new, and closes."""

import asyncio
import itertools
import signal
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import processes
import pytest

from pyro_client import Proxy
from pyro_core.errors import CommunicationError, ConnectionClosedError
from pyro_core.settings import ClientSettings, ServerSettings, Timeouts
from pyro_server import Daemon, expose

PATIENCE_S = 20.0
SERVERS = pytest.mark.parametrize("servertype", ["threaded", "multiplex", "asyncio"])


@expose
class Slow:
    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def work(self) -> str:
        self.begun.set()
        assert self.go_on.wait(PATIENCE_S)
        return "done"

    def quick(self) -> str:
        return "quick"


@expose
class Endless:
    def __init__(self) -> None:
        self.ended = threading.Event()

    async def waiting(self) -> AsyncIterator[int]:
        try:
            yield 0
            await asyncio.Event().wait()
        finally:
            self.ended.set()

    async def ticking(self) -> AsyncIterator[int]:
        try:
            for number in itertools.count():
                yield number
                await asyncio.sleep(0.01)
        finally:
            self.ended.set()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def ended(daemon: Daemon) -> bool:
    thread: Any = daemon._thread
    thread.join(PATIENCE_S)
    return not thread.is_alive()


@SERVERS
def test_a9_a_call_that_runs_is_answered_and_idle_connections_are_closed(
    servertype: str, pool: ThreadPoolExecutor
) -> None:
    slow = Slow()
    with Daemon(servertype=servertype) as daemon:
        uri = daemon.register(slow)
        daemon.start()
        with Proxy(uri) as busy, Proxy(uri) as idle:
            assert idle.quick() == "quick"
            answer = pool.submit(busy.work)
            assert slow.begun.wait(PATIENCE_S)
            daemon.shutdown()
            try:
                if servertype != "multiplex":  # whose only thread runs the call
                    sock = idle._pyro.connection.link.sock
                    sock.settimeout(PATIENCE_S / 4)
                    assert sock.recv(1) == b""
            finally:
                slow.go_on.set()
            assert answer.result(PATIENCE_S) == "done"
            assert ended(daemon)
            with pytest.raises(CommunicationError):
                busy.quick()


@pytest.mark.parametrize("servertype", ["threaded", "asyncio"])
def test_a9_a_call_that_comes_too_late_is_not_begun_and_its_caller_may_go_elsewhere(
    servertype: str, pool: ThreadPoolExecutor
) -> None:
    slow = Slow()
    with Daemon(servertype=servertype) as daemon:
        uri = daemon.register(slow)
        daemon.start()
        with Proxy(uri) as proxy:
            answer = pool.submit(proxy.work)
            assert slow.begun.wait(PATIENCE_S)
            draining = threading.Event()
            host = daemon._host
            usual = host.drain
            host.drain = lambda: (usual(), draining.set())  # type: ignore[method-assign, assignment]
            daemon.shutdown()
            assert draining.wait(PATIENCE_S)
            with pytest.raises(CommunicationError, match="stopping"):
                proxy.quick()
            with Proxy(uri) as stranger, pytest.raises(CommunicationError):
                stranger.quick()
            slow.go_on.set()
            assert answer.result(PATIENCE_S) == "done"


@SERVERS
def test_a9_a_call_that_takes_too_long_is_given_up(servertype: str, pool: ThreadPoolExecutor) -> None:
    if servertype == "multiplex":
        pytest.skip("its only thread runs the call")
    slow = Slow()
    settings = replace(ServerSettings(servertype=servertype), timeouts=replace(Timeouts(), drain_s=0.1))
    daemon = Daemon(settings)
    uri = daemon.register(slow)
    daemon.start()
    proxy = Proxy(uri, settings=ClientSettings())
    answer = pool.submit(proxy.work)
    try:
        assert slow.begun.wait(PATIENCE_S)
        daemon.shutdown()
        assert ended(daemon)
        slow.go_on.set()
    finally:
        slow.go_on.set()
        daemon.close()
        proxy._pyro.release()
    # Whichever was faster: the answer, or the end of the connection.
    problem = answer.exception(PATIENCE_S)
    assert problem is None or isinstance(problem, ConnectionClosedError)


@pytest.mark.parametrize("servertype", ["threaded", "asyncio"])
@pytest.mark.parametrize("kind", ["waiting", "ticking"])
def test_a_stream_without_an_end_is_given_up(
    servertype: str, kind: str, pool: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    endless = Endless()
    timeouts = replace(Timeouts(), drain_s=0.1)
    daemon = Daemon(replace(ServerSettings(servertype=servertype), timeouts=timeouts))
    uri = daemon.register(endless)
    daemon.start()
    with Proxy(uri) as proxy:
        items = getattr(proxy, kind)()
        assert next(items) == 0
        reader = pool.submit(deque, items, 0)
        daemon.close()
        assert endless.ended.wait(PATIENCE_S)
        assert isinstance(reader.exception(PATIENCE_S), CommunicationError)
    assert caplog.messages == []


@pytest.mark.parametrize("servertype", ["threaded", "asyncio"])
def test_what_an_abandoned_stream_waits_for_is_cancelled(servertype: str) -> None:
    endless = Endless()
    with Daemon(servertype=servertype) as daemon:
        uri = daemon.register(endless)
        daemon.start()
        with Proxy(uri) as proxy, proxy.waiting() as items:
            assert next(items) == 0
            items.close()
            assert endless.ended.wait(PATIENCE_S)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are for POSIX systems")
def test_a9_sigterm_loses_no_call(pool: ThreadPoolExecutor) -> None:
    script = Path(__file__).parent / "peers" / "draining_server.py"
    with processes.running([sys.executable, str(script)]) as process:
        uri = processes.wait_for(process, "ready ").removeprefix("ready ")
        with Proxy(uri) as proxy, Proxy(uri) as other:
            answer = pool.submit(proxy.work)
            other.wait_until_begun()
            process.send_signal(signal.SIGTERM)
            assert answer.result(PATIENCE_S) == "done"
            assert process.wait(PATIENCE_S) == 0


@SERVERS
@pytest.mark.skipif(sys.platform == "win32", reason="signals are for POSIX systems")
def test_sighup_reads_files_again_and_loses_no_connection(servertype: str, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.write_text('client = "first"\n')
    script = Path(__file__).parent / "peers" / "reloading_server.py"
    with processes.running([sys.executable, str(script), servertype, str(tokens)]) as process:
        uri = processes.wait_for(process, "ready ").removeprefix("ready ")
        with Proxy(uri) as proxy:
            assert proxy.hello() == "hello"
            process.send_signal(signal.SIGHUP)
            assert processes.wait_for(process, "reloaded")
            tokens.write_text("not TOML")
            process.send_signal(signal.SIGHUP)
            assert proxy.hello() == "hello"
            process.send_signal(signal.SIGTERM)
            assert processes.wait_for(process, "stopped politely")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are for POSIX systems")
def test_a_second_signal_stops_at_once(pool: ThreadPoolExecutor) -> None:
    script = Path(__file__).parent / "peers" / "draining_server.py"
    with processes.running([sys.executable, str(script), "for ever"]) as process:
        uri = processes.wait_for(process, "ready ").removeprefix("ready ")
        with Proxy(uri) as proxy, Proxy(uri) as other:
            answer = pool.submit(proxy.work)
            other.wait_until_begun()
            process.send_signal(signal.SIGINT)
            processes.wait_for(process, "asked")
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == -signal.SIGTERM
            with pytest.raises(ConnectionClosedError):
                answer.result(PATIENCE_S)
