"""What clients notice when the server, the machine or the network fails them in the middle of something."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import network_namespace
import processes
import psutil
import pytest
from torture import siege

from pyro_client import Proxy, batch
from pyro_core.errors import CommunicationError
from pyro_core.uri import URI

PATIENCE_S = 20.0
ALL = pytest.mark.parametrize("servertype", siege.TRANSPORTS)
NO_ROOM = "cannot accept connections"


@ALL
def test_a10_a_server_without_descriptors_backs_off_says_so_once_and_recovers(
    servertype: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with log.open("wb") as errors, siege.fortress(servertype, "--descriptors", "64", errors=errors) as place:
        uri = URI(place.uri)
        with place.client() as client:
            assert client.add(1, 1) == 2
            family = [*place.process.children(), place.process]
            count = max(len(family) - 1, 1)  # processes that serve; the system spreads the crowd over them
            crowd = [socket.create_connection((uri.host, uri.port), PATIENCE_S) for _ in range(100 * count)]
            try:
                while NO_ROOM not in log.read_text(encoding="utf8"):
                    assert client.add(1, 2) == 3
                used_s = used_by(family)
                with pytest.raises(psutil.TimeoutExpired):  # it lives on, and two attempts later ...
                    place.process.wait(1.2)
                assert used_by(family) - used_s < 0.6
                assert client.add(2, 2) == 4
                assert log.read_text(encoding="utf8").count(NO_ROOM) <= count  # ... it is still said once
            finally:
                for sock in crowd:
                    sock.close()
            with place.client() as newcomer:
                assert newcomer.add(2, 3) == 5


def used_by(family: list[Any]) -> float:
    """Processor time of some processes, in seconds."""
    return sum(sum(process.cpu_times()[:2]) for process in family)


def doing(what: str, client: Any) -> Any:
    """Something that takes long."""
    if what == "a call":
        return client.nap(PATIENCE_S)
    if what == "a batch":
        calls = batch(client)
        for _ in range(100):
            calls.nap(PATIENCE_S / 100)
        return list(calls())
    return sum(1 for _ in client.numbers(1_000_000_000))


@pytest.mark.parametrize("what", ["a call", "a batch", "a stream"])
@ALL
def test_whoever_waits_for_a_killed_server_is_told_at_once(servertype: str, what: str) -> None:
    with siege.fortress(servertype) as place, place.client() as client, ThreadPoolExecutor(1) as pool:
        assert client.add(1, 1) == 2
        waiting = pool.submit(doing, what, client)
        if what != "a stream":
            place.await_naps(1)
        place.kill()
        begun = time.monotonic()
        assert isinstance(waiting.exception(PATIENCE_S), CommunicationError)
        assert time.monotonic() - begun < PATIENCE_S / 2


@ALL
def test_the_same_proxy_finds_the_server_that_was_started_again(servertype: str) -> None:
    with siege.fortress(servertype) as place, Proxy(place.uri) as client:
        assert client.add(1, 1) == 2
        place.kill()
        with pytest.raises(CommunicationError):
            client.add(1, 1)
        with siege.fortress(servertype, "--port", str(URI(place.uri).port)) as again:
            assert again.uri == place.uri
            assert client.add(2, 2) == 4


@ALL
def test_sigterm_in_the_middle_of_calls_and_batches_loses_none(servertype: str) -> None:
    with siege.fortress(servertype) as place, ThreadPoolExecutor(2) as pool:
        with place.client() as one, place.client() as other:
            assert one.add(1, 1) == other.add(1, 1) == 2
            calls = batch(other)
            for number in range(10):
                calls.nap(0.02)
                calls.add(number, 1)
            answer = pool.submit(one.nap, 0.2)
            answers = pool.submit(lambda: list(calls()))
            place.await_naps(1 if servertype == "multiplex" else 2)
            place.process.send_signal(signal.SIGTERM)
            # Both were sent; the one-at-a-time server may not have begun the second one.
            for future in (answer, answers):
                problem = future.exception(PATIENCE_S)
                assert problem is None or (servertype == "multiplex" and "stopping" in str(problem))
        assert place.started.wait(PATIENCE_S) == 0


@ALL
def test_a15_a_wall_clock_that_jumps_disturbs_nothing(servertype: str) -> None:
    with siege.fortress(servertype, "--jumping-clock") as place, place.client() as client:
        numbers = client.numbers(3000)
        assert [next(numbers) for _ in range(5)] == [0, 1, 2, 3, 4]
        assert [client.add(number, 1) for number in range(50)] == list(range(1, 51))
        assert sum(numbers) == sum(range(5, 3000))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not pin processes")
@ALL
def test_a_busy_core_slows_nobody_to_a_halt(servertype: str) -> None:
    with siege.fortress(servertype) as place:
        core = min(os.sched_getaffinity(0))
        busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        try:
            for pid in (busy.pid, place.process.pid):
                os.sched_setaffinity(pid, {core})
            with place.client() as client:
                assert siege.at(0.95, siege.call_for(client, 0.3)) < 1.0
        finally:
            busy.kill()
            busy.wait()


PARTED = """
import subprocess, sys, time
from pyro_client import Proxy
from pyro_core.errors import CommunicationError, TimeoutError
from torture import siege

with siege.fortress(sys.argv[1]) as place, Proxy(place.uri) as client:
    assert client.add(1, 1) == 2
    client._pyro.timeout_s = 0.5
    subprocess.run(["ip", "link", "set", "lo", "down"], check=True)
    try:
        client.add(1, 1)
    except (TimeoutError, CommunicationError) as problem:
        print(type(problem).__name__)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    client._pyro.timeout_s = 20
    client._pyro.release()
    assert client.add(2, 2) == 4
    print("together again")
"""


@pytest.mark.skipif(network_namespace.missing() is not None, reason=str(network_namespace.missing()))
@ALL
def test_a_network_that_loses_everything_is_noticed_by_the_deadline(servertype: str) -> None:
    command = network_namespace.inside([sys.executable, "-c", PARTED, servertype])
    path = os.pathsep.join(filter(None, [str(siege.HERE.parent), os.environ.get("PYTHONPATH")]))
    done = processes.run(command, env={"PYTHONPATH": path})
    assert done.stdout == "TimeoutError\ntogether again\n"
