"""Proxies and daemons that share a key."""

from collections.abc import Iterator
from threading import Thread

import pytest

import Pyro4
from Pyro4 import errors
from Pyro4.message import Message


@Pyro4.expose
class Thing:
    def add(self, a: int, b: int) -> int:
        return a + b


@pytest.fixture(params=["thread", "multiplex"])
def uri(request: pytest.FixtureRequest) -> Iterator[Pyro4.URI]:
    Pyro4.config.reset(False)
    Pyro4.config.SERVERTYPE = request.param
    with Pyro4.Daemon() as daemon:
        daemon._pyroHmacKey = b"secret"
        uri = daemon.register(Thing())
        thread = Thread(target=daemon.requestLoop)
        thread.start()
        yield uri
        daemon.shutdown()
        thread.join()
    Pyro4.config.reset(False)


@pytest.mark.parametrize("key", ["secret", b"secret"])
def test_who_knows_the_key_is_served(uri: Pyro4.URI, key: bytes | str) -> None:
    with Pyro4.Proxy(uri) as proxy:
        proxy._pyroHmacKey = key
        assert proxy._pyroHmacKey == b"secret"
        assert proxy.add(1, 2) == 3
        Message.ping(proxy._pyroConnection, hmac_key=b"secret")
        assert proxy.add(3, 4) == 7


@pytest.mark.parametrize(
    ("key", "text"), [(b"wrong", "message hmac mismatch"), (None, "hmac key config not symmetric")]
)
def test_others_are_not(uri: Pyro4.URI, key: bytes | None, text: str) -> None:
    with Pyro4.Proxy(uri) as proxy:
        proxy._pyroHmacKey = key
        with pytest.raises(errors.CommunicationError, match=f"{text}$"):
            proxy.add(1, 2)
        proxy._pyroHmacKey = b"secret"  # holds for the next connection
        assert proxy.add(1, 2) == 3


def test_a_key_is_no_other_thing() -> None:
    with Pyro4.Proxy("PYRO:thing@localhost:9999") as proxy, pytest.raises(TypeError, match="bytes or text"):
        proxy._pyroHmacKey = 5
