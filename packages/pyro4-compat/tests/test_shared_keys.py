"""Proxies and daemons that share a key."""

from threading import Thread
from typing import Any

import pytest

import Pyro4
from Pyro4 import errors
from Pyro4.message import Message


@Pyro4.expose
class Thing:
    def add(self, a: int, b: int) -> int:
        return a + b

    def key_of(self, proxy: Any) -> str:
        return repr(proxy._pyroHmacKey)

    def pass_on(self, proxy: Any, key: str | None) -> Any:
        proxy._pyroHmacKey = key
        return proxy


@pytest.fixture
def uri(daemon: Pyro4.Daemon) -> Pyro4.URI:
    daemon._pyroHmacKey = "secret"
    return daemon.register(Thing())


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


@pytest.mark.parametrize("serializer", ["serpent", "json", "marshal"])
def test_proxies_take_their_keys_along_to_those_who_know_one(uri: Pyro4.URI, serializer: str) -> None:
    with Pyro4.Proxy(uri) as proxy, Pyro4.Proxy("PYRO:thing@localhost:9999") as other:
        proxy._pyroHmacKey = "secret"
        proxy._pyroSerializer = serializer
        assert proxy.key_of(other) == "None"
        other._pyroHmacKey = "of its own"
        assert proxy.key_of(other) == "b'of its own'"
        assert proxy.pass_on(other, "another")._pyroHmacKey == b"another"
        assert proxy.pass_on(proxy, "secret").add(1, 2) == 3


def test_nobody_else_is_told(daemon: Pyro4.Daemon) -> None:
    with Pyro4.Proxy(daemon.register(Thing())) as proxy, Pyro4.Proxy("PYRO:thing@localhost:9999") as other:
        other._pyroHmacKey = "of its own"
        assert proxy.key_of(other) == "None"
        assert proxy.pass_on(other, "another")._pyroHmacKey is None


def test_pickles_too() -> None:
    Pyro4.config.SERIALIZERS_ACCEPTED = {"pickle"}
    Pyro4.config.SERIALIZER = "pickle"
    with Pyro4.Daemon() as daemon:
        uri = daemon.register(Thing())
        thread = Thread(target=daemon.requestLoop)
        thread.start()
        try:
            for key in ("secret", None):
                daemon._pyroHmacKey = key
                with Pyro4.Proxy(uri) as proxy, Pyro4.Proxy(uri) as other:
                    proxy._pyroHmacKey = key
                    other._pyroHmacKey = "of its own"
                    assert proxy.key_of(other) == ("b'of its own'" if key else "None")
                    answer = proxy.pass_on(other, "another")._pyroHmacKey
                    assert answer == (b"another" if key else None)
        finally:
            daemon.shutdown()
            thread.join(10)


class Checking(Pyro4.Daemon):
    def validateHandshake(self, conn: Any, data: Any) -> Any:
        return "hello"


@pytest.mark.parametrize(
    ("cls", "key", "warns"),
    [(Pyro4.Daemon, None, True), (Pyro4.Daemon, "secret", False), (Checking, None, False)],
)
def test_a_daemon_without_a_key_says_that_strangers_can_call_it(
    cls: type[Pyro4.Daemon], key: str | None, warns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("pyro_server.listeners.is_loopback", lambda host: False)
    monkeypatch.setattr("pyro_server.reach.log.warning", lambda text, *args: said.append(text))
    with cls() as daemon:
        assert not said  # the key comes later
        if key:
            daemon._pyroHmacKey = key
        daemon.requestLoop(lambda: False)
    assert len(said) == int(warns)
