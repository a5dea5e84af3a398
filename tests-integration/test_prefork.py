"""A daemon of several processes: its calls are spread, its processes replaced, and all of them end."""

import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from subprocess import Popen
from typing import Any

import processes
import pytest

from pyro_client import Proxy
from pyro_core.errors import CommunicationError, PyroError
from pyro_core.settings import ServerSettings
from pyro_server import Daemon

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prefork is for Linux")

PATIENCE_S = 30.0
ENOUGH = 40
"""So many connections reach each of two processes."""


@contextmanager
def serving(*arguments: str) -> Iterator[tuple["Popen[str]", str]]:
    command = [sys.executable, str(processes.PEERS / "forking_server.py"), *arguments]
    with processes.running(command) as parent:
        yield parent, processes.wait_for(parent, "ready ").removeprefix("ready ")


def pids(uri: str, more_than: frozenset[int] = frozenset()) -> set[int]:
    """Which processes serve new connections; tries until there is one that is not known."""
    found: set[int] = set()
    for _ in range(ENOUGH * 100):
        with Proxy(uri) as proxy:
            found.add(proxy.pid())
        if len(found) >= 2 and found - more_than:
            break
    return found


def await_end(*watches: int) -> None:
    """Wait until the processes of these descriptors have ended."""
    for watch in watches:
        poll = select.poll()
        poll.register(watch, select.POLLIN)
        assert poll.poll(PATIENCE_S * 1000), "a process is still there"
        os.close(watch)


def test_connections_are_spread_over_processes_with_objects_of_their_own() -> None:
    with serving("2") as (parent, uri), ExitStack() as stack:
        proxies = [stack.enter_context(Proxy(uri)) for _ in range(ENOUGH)]
        counts: dict[int, list[int]] = {}
        for proxy in proxies:
            counts.setdefault(proxy.pid(), []).append(proxy.count())
        assert len(counts) == 2
        assert parent.pid not in counts
        assert all(seen == list(range(1, len(seen) + 1)) for seen in counts.values())


def test_a_process_that_was_killed_is_replaced_and_its_clients_go_on() -> None:
    with serving("2") as (_, uri), Proxy(uri) as proxy:
        before = pids(uri)
        victim = proxy.pid()
        watch = os.pidfd_open(victim)
        os.kill(victim, signal.SIGKILL)
        await_end(watch)
        with suppress(CommunicationError):  # nobody knows whether it was executed, unless nothing was sent
            proxy.pid()
        assert proxy.pid() != victim
        assert len(pids(uri, frozenset(before)) - before) == 1


def test_sigterm_lets_calls_end_and_ends_all_processes(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with serving("2") as (parent, uri), Proxy(uri) as proxy, ThreadPoolExecutor(1) as pool:
        watches = [os.pidfd_open(pid) for pid in pids(uri)]
        answer = pool.submit(proxy.work, str(fifo))
        processes.wait_for(parent, "begun")
        parent.send_signal(signal.SIGTERM)
        fifo.write_text("done")
        assert answer.result(PATIENCE_S) == "done"
        processes.wait_for(parent, "over")
        assert parent.wait(PATIENCE_S) == 0
        await_end(*watches)


def test_no_process_outlives_a_parent_that_was_killed() -> None:
    with serving("2") as (parent, uri):
        watches = [os.pidfd_open(pid) for pid in pids(uri)]
        parent.kill()
        await_end(*watches)


def test_a_call_may_shut_all_of_them_down() -> None:
    with serving("2") as (parent, uri), Proxy(uri) as proxy:
        watches = [os.pidfd_open(pid) for pid in pids(uri)]
        proxy.stop()
        processes.wait_for(parent, "over")
        assert parent.wait(PATIENCE_S) == 0
        await_end(*watches)


def test_a_unix_socket_is_shared(tmp_path: Path) -> None:
    with serving("2", str(tmp_path / "sock")) as (parent, uri), Proxy(uri) as proxy:
        victim = proxy.pid()
        watch = os.pidfd_open(victim)
        os.kill(victim, signal.SIGKILL)
        await_end(watch)
        with suppress(CommunicationError):
            proxy.pid()
        assert proxy.pid() not in (victim, parent.pid)


def test_names_are_published_by_the_parent_only() -> None:
    with serving("2") as (_, uri), Proxy(uri) as proxy, pytest.raises(PyroError, match="their parent keeps"):
        proxy.publish()


def test_it_does_not_serve_in_the_background() -> None:
    daemon: Any
    with Daemon(ServerSettings(servertype="prefork", processes=2)) as daemon:
        with pytest.raises(PyroError, match="request_loop"):
            daemon.start()
        assert threading.current_thread() is threading.main_thread()
