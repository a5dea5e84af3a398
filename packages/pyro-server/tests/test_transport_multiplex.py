import select
import threading

import pytest

from pyro_core.net import sockets
from pyro_core.settings import ServerSettings
from pyro_core.testing.toy_dialogue import DO, ECHO, GIVE, PATIENCE_S, ToyClient, ToyHost, framed
from pyro_core.testing.transports import MEGABYTE, TransportSuite
from pyro_core.transport import Transport
from pyro_server.transports import base
from pyro_server.transports.multiplex import MultiplexTransport
from pyro_server.transports.poller import SelectorPoller


class TestMultiplex(TransportSuite):
    concurrent = False

    def transport_class(self) -> type[Transport]:
        return MultiplexTransport

    def test_it_starts_no_thread(self) -> None:
        with self.serving() as served:
            before = threading.active_count()
            assert served.connect().echoes()
            assert threading.active_count() == before

    def test_a_foreign_loop_can_drive_it(self) -> None:
        with self.prepared() as served:
            transport = served.transport
            stop = threading.Event()

            def foreign_loop() -> None:
                while not stop.is_set():
                    ready, _, _ = select.select(transport.sockets, [], [], 0.05)
                    if ready:
                        transport.events(ready)

            loop = threading.Thread(target=foreign_loop, daemon=True)
            loop.start()
            client = served.connect()
            assert client.echoes()
            size = 20 * MEGABYTE  # more than fits in the socket: the loop must come back to write
            client.send(framed(GIVE, b"%d" % size))
            assert client.read() == (GIVE, bytes(size))
            stop.set()
            loop.join(PATIENCE_S)


class TestMultiplexWithoutEpoll(TestMultiplex):
    """The same promises on systems whose poller is another one."""

    @pytest.fixture(autouse=True)
    def _no_epoll(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(base, "new_poller", SelectorPoller)


def test_a_peer_is_not_blamed_for_time_the_loop_lost_to_a_slow_call() -> None:
    clock = [100.0]
    host = ToyHost(ServerSettings())
    listeners = sockets.listen("127.0.0.1", 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "monotonic", lambda: clock[0])
        transport = MultiplexTransport(host, listeners)
        slow = ToyClient(sockets.socket.create_connection(listeners[0].getsockname()), hello=False)
        half = ToyClient(sockets.socket.create_connection(listeners[0].getsockname()), hello=False)
        half.send(framed(ECHO, b"half")[:6])
        while len(host.engines) < 2:
            transport.events(transport.sockets)
        slow.send(framed(DO))
        host.action = lambda: clock.__setitem__(0, clock[0] + 1000.0)  # the call takes a thousand seconds
        while clock[0] < 1000:
            transport.events(transport.sockets)
        transport.events(transport.sockets)
        half.send(framed(ECHO, b"half")[6:])
        while not select.select([half.sock], [], [], 0)[0]:
            transport.events(transport.sockets)
        assert half.read() == (ECHO, b"half")
        transport.close()
    slow.close()
    half.close()
