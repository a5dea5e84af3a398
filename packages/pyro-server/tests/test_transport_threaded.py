import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from pyro_core.net import sockets
from pyro_core.settings import Limits, ServerSettings
from pyro_core.testing.toy_dialogue import (
    ECHO,
    GIVE,
    ONEWAY,
    PATIENCE_S,
    WAIT,
    WAITING_ONEWAY,
    ToyHost,
    framed,
)
from pyro_core.testing.transports import MEGABYTE, TransportSuite
from pyro_core.transport import Transport
from pyro_server.transports.threaded import ThreadedTransport

IDLE_CONNECTIONS = 1000


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    needed = 2 * IDLE_CONNECTIONS + 200  # both ends are in this process
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"needs {needed} descriptors, the hard limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class TestThreaded(TransportSuite):
    def transport_class(self) -> type[Transport]:
        return ThreadedTransport

    def workers(self) -> int:
        return sum(thread.name.startswith("pyro-threaded") for thread in threading.enumerate())

    # ---- connections

    def test_connections_have_their_options_also_those_that_came_before_the_transport(self) -> None:
        settings = ServerSettings()
        listeners = sockets.listen("127.0.0.1")
        address = listeners[0].getsockname()
        with socket.create_connection(address), socket.create_connection(address):
            transport = ThreadedTransport(ToyHost(settings), listeners)
            with socket.create_connection(address):
                transport.serve(lambda: len(transport.connections) < 3)
                for connection in transport.connections:
                    sock = connection.sock
                    assert sock.getblocking()
                    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
                    with pytest.raises(BlockingIOError):  # after a moment
                        sock.recv(1)
                transport.close()

    def test_a_connection_that_was_closed_keeps_nobody_awake(self) -> None:
        with self.serving() as served:
            client = served.connect()
            assert client.echoes()
            client.close()
            assert served.host.engines[0].closed.wait(PATIENCE_S)
            assert not served.transport._sharing  # type: ignore[attr-defined]

    # ---- threads belong to calls

    @pytest.mark.usefixtures("many_descriptors")
    def test_a_thousand_idle_connections_cost_no_thread_and_disturb_nobody(self) -> None:
        with self.serving(threads=4) as served:
            half = served.connect(hello=False)
            half.send(framed(ECHO, b"half a header")[:3])
            idle = [served.connect() for _ in range(IDLE_CONNECTIONS)]
            client = served.connect()
            assert all(client.echoes(b"%d" % number) for number in range(100))
            assert idle[0].echoes()
            assert idle[-1].echoes()
            assert self.workers() <= 4

    def test_never_more_threads_than_the_settings_allow(self) -> None:
        with self.serving(threads=3) as served:
            clients = [served.connect() for _ in range(10)]
            for client in clients:
                client.send(framed(WAIT, b"gate"))
            served.host.await_entered(b"gate", 3)
            assert self.workers() == 3
            served.host.gate(b"gate").set()
            assert [client.read() for client in clients] == [(WAIT, b"gate")] * 10

    def test_while_all_threads_are_busy_connections_are_accepted_and_calls_wait_for_their_turn(self) -> None:
        with self.serving(threads=1, handshake_s=PATIENCE_S) as served:
            slow = served.connect()
            slow.send(framed(WAIT, b"gate"))
            served.host.await_entered(b"gate")
            other = served.connect()
            other.send(framed(ECHO, b"waits"))
            assert served.connect(), "the handshake of a third is answered"
            served.host.gate(b"gate").set()
            assert other.read() == (ECHO, b"waits")
            assert slow.read() == (WAIT, b"gate")

    def test_a_busy_client_does_not_keep_the_only_thread_to_itself(self) -> None:
        with self.serving(threads=1) as served:
            busy, other = served.connect(), served.connect()
            stop = threading.Event()
            counts = [0]

            def calls() -> None:
                while not stop.is_set() and busy.echoes():
                    counts[0] += 1

            caller = threading.Thread(target=calls, daemon=True)
            caller.start()
            assert all(other.echoes() for _ in range(20))
            stop.set()
            caller.join(PATIENCE_S)
            assert counts[0] > 0

    def test_a_dribbling_client_does_not_keep_the_only_thread(self) -> None:
        with self.serving(threads=1) as served:
            dribbler, other = served.connect(), served.connect()
            for byte in framed(ECHO, b"dribbled"):
                dribbler.send(bytes([byte]))
                assert other.echoes()
            assert dribbler.read() == (ECHO, b"dribbled")

    def test_a_client_that_reads_nothing_does_not_keep_the_only_thread(self) -> None:
        with self.serving(threads=1) as served:
            greedy, other = served.connect(), served.connect()
            size = 20 * MEGABYTE
            greedy.send(framed(GIVE, b"%d" % size), framed(ECHO, b"next"))
            assert all(other.echoes() for _ in range(50))
            assert greedy.read() == (GIVE, bytes(size))
            assert greedy.read() == (ECHO, b"next")

    # ---- oneway

    def test_a_oneway_request_does_not_hold_up_its_connection(self) -> None:
        with self.serving() as served:
            client = served.connect()
            client.send(framed(WAITING_ONEWAY, b"gate"), framed(ECHO, b"at once"))
            assert client.read() == (ECHO, b"at once")
            assert client.echoes()
            assert served.host.noted == []
            served.host.gate(b"gate").set()
            served.host.await_noted(1)

    def test_quick_oneway_requests_run_in_the_order_they_came(self) -> None:
        with self.serving() as served:
            bodies = [b"%d" % number for number in range(200)]
            served.connect().send(framed(WAITING_ONEWAY, b"gate"), *(framed(ONEWAY, body) for body in bodies))
            served.host.await_noted(len(bodies))  # the one that waits does not hold them up
            assert served.host.noted == bodies
            served.host.gate(b"gate").set()

    def test_oneway_requests_beyond_the_queue_hold_up_their_own_connection_only(self) -> None:
        with self.serving(threads=4, limits=Limits(max_oneway_queue=2)) as served:
            flooder, other = served.connect(), served.connect()
            flooder.send(*[framed(WAITING_ONEWAY, b"gate")] * 20, framed(ECHO, b"after"))
            served.host.await_entered(b"gate", 3)
            assert all(other.echoes() for _ in range(20))
            assert served.host.noted == []
            served.host.gate(b"gate").set()
            assert flooder.read() == (ECHO, b"after")
            served.host.await_noted(20)

    # ---- the system's limits

    def test_running_out_of_descriptors_is_survived_and_logged_once(self) -> None:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", EXHAUSTED],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == ["served", "recovered"]
        assert done.stderr.count("cannot accept connections") == 1
        assert done.stderr.count("accepting connections again") == 1

    def test_dead_peers_are_probed(self) -> None:
        with self.serving() as served:
            seen: list[socket.socket] = []
            made = served.host.connection_made
            served.host.connection_made = lambda peer, sock: (seen.append(sock), made(peer, sock))[1]  # type: ignore[method-assign]
            served.connect()
            assert seen[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert seen[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            if hasattr(socket, "TCP_KEEPIDLE"):
                quiet_s = seen[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
                probes_s = seen[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) * seen[0].getsockopt(
                    socket.IPPROTO_TCP, socket.TCP_KEEPCNT
                )
                assert quiet_s + probes_s <= 60, "a dead peer is noticed within a minute"


EXHAUSTED = """
import logging, resource, socket, threading
from pyro_core.net import sockets
from pyro_core.settings import ServerSettings, Timeouts
from pyro_core.testing.toy_dialogue import ToyClient, ToyHost
from pyro_server.transports import accepting
from pyro_server.transports.threaded import ThreadedTransport

logging.basicConfig(level=logging.WARNING)
turns = []
host = ToyHost(ServerSettings(timeouts=Timeouts(housekeeping_s=0.05)))
listeners = sockets.listen("127.0.0.1", 0)
address = listeners[0].getsockname()
transport = ThreadedTransport(host, listeners)
serving = threading.Thread(target=transport.serve, args=(lambda: turns.append(1) or True,))
serving.start()
first = ToyClient(socket.create_connection(address))
assert first.echoes()
late = socket.socket()
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (late.fileno() + 1, hard))  # not one more
late.connect(address)
before = len(turns)
for _ in range(int(3 * accepting.BACK_OFF_S / 0.05)):
    host.await_housekeeping()
assert first.echoes()
assert len(turns) - before < 200, "a busy loop"
print("served")
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
assert ToyClient(late).echoes()
print("recovered")
transport.close()
serving.join()
first.close(), late.close()
"""
