"""A handshake that takes long while a worker leads the loop: its connection is not forgotten."""

import threading
from typing import Any

import pytest

from pyro_client import Proxy
from pyro_core.settings import ClientSettings, Timeouts
from pyro_server import Daemon, expose
from pyro_server.transports.leading import LONG_S, Leadership

CROWD = 6
SETTINGS = ClientSettings(timeouts=Timeouts(call_s=10.0))


@expose
class Adder:
    def add(self, a: int, b: int) -> int:
        return a + b


class Thorough(Daemon):
    """Takes its time with some: until the loop is taken back from the leader, if one runs the handshake."""

    taken_back = threading.Event()
    times = 0

    def validate_handshake(self, connection: Any, data: Any) -> Any:
        if data == "slow":
            self.taken_back.clear()
            self.times += self.taken_back.wait(10 * LONG_S)
        return super().validate_handshake(connection, data)


def test_a_connection_whose_handshake_takes_long_is_served_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take_back = Leadership._take_back

    def noting(self: Leadership) -> Any:
        connection = take_back(self)
        if connection is not None:
            Thorough.taken_back.set()
        return connection

    monkeypatch.setattr(Leadership, "_take_back", noting)
    with Thorough() as daemon:
        uri = daemon.register(Adder())
        daemon.start()
        over = threading.Event()

        def call() -> None:
            with Proxy(uri, settings=SETTINGS) as proxy:
                while not over.is_set():
                    assert proxy.add(1, 2) == 3

        crowd = [threading.Thread(target=call) for _ in range(CROWD)]
        for thread in crowd:
            thread.start()
        try:
            for number in range(200):
                if daemon.times > 2:
                    break
                with Proxy(uri, settings=SETTINGS) as proxy:
                    proxy._pyro.handshake = "slow"
                    assert proxy.add(number, 1) == number + 1
                    assert proxy.add(number, 2) == number + 2
        finally:
            over.set()
            for thread in crowd:
                thread.join()
        assert daemon.times, "no leader ran any of the handshakes"
