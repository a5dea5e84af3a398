"""What ``proxy._pyro`` offers."""

from collections.abc import Iterator
from typing import Any

import pytest

from pyro_client import Proxy
from pyro_core.errors import CommunicationError, ConnectionClosedError, PluginError, SerializeError
from pyro_core.settings import ClientSettings
from pyro_core.wire.message import ONEWAY


@pytest.fixture
def proxy(server: Any, settings: ClientSettings) -> Iterator[Proxy]:
    with Proxy(server.uri, settings=settings) as proxy:
        yield proxy


def test_bind_connects_once_and_tells_whether_it_did(proxy: Proxy, server: Any) -> None:
    assert proxy._pyro.bind() is True
    assert proxy._pyro.bind() is False
    proxy._pyro.release()
    assert proxy._pyro.bind() is True
    assert len(server.connects) == 2


def test_releasing_twice_is_harmless(proxy: Proxy) -> None:
    proxy._pyro.bind()
    proxy._pyro.release()
    proxy._pyro.release()
    assert not proxy._pyro.connected
    assert proxy._pyro.connection is None
    assert proxy._pyro.version is None


def test_tells_the_protocol_version_and_the_address(proxy: Proxy, server: Any) -> None:
    proxy._pyro.bind()
    assert proxy._pyro.version == 502
    assert proxy._pyro.uri == proxy._pyro.resolved_uri == server.uri


def test_reconnect_waits_longer_and_longer(
    proxy: Proxy, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            server.refusal = None

    monkeypatch.setattr(proxy._pyro._channel.runner, "sleep", sleep)
    server.refusal = "not yet"
    proxy._pyro.reconnect(tries=10, first_wait_s=1, longest_wait_s=4)
    assert proxy._pyro.connected
    assert [low <= wait <= high for wait, low, high in zip(slept, (0.5, 1, 2), (1, 2, 4), strict=True)] == [
        True
    ] * 3


def test_reconnect_gives_up_after_the_last_attempt(
    proxy: Proxy, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(proxy._pyro._channel.runner, "sleep", slept.append)
    server.refusal = "never"
    with pytest.raises(ConnectionClosedError, match=r"failed to reconnect .* in 3 attempts.*never"):
        proxy._pyro.reconnect(tries=3)
    assert len(slept) == 2


def test_reconnect_drops_the_connection_that_is_there(proxy: Proxy, server: Any) -> None:
    proxy._pyro.bind()
    proxy._pyro.reconnect()
    assert len(server.connects) == 2


def test_ping_asks_the_server(proxy: Proxy, server: Any) -> None:
    proxy._pyro.ping()
    proxy._pyro.ping()
    assert proxy.add(1, 1) == 2
    assert len(server.connects) == 1
    server.close()
    with pytest.raises(CommunicationError):
        proxy._pyro.ping()
    assert not proxy._pyro.connected


def test_invoke_calls_by_name_also_other_objects(proxy: Proxy, server: Any) -> None:
    server.scripts["info"] = lambda peer, call: peer.reply("about me")
    assert proxy._pyro.invoke("add", (1, 2)) == 3
    assert proxy._pyro.invoke("info", object_id="Pyro.Daemon") == "about me"
    assert proxy._pyro.invoke("note", flags=ONEWAY) is None
    assert server.calls[1] == ("Pyro.Daemon", "info", (), {})


def test_get_and_set_reach_attributes(proxy: Proxy, server: Any) -> None:
    assert proxy._pyro.get("x") == "value of x"
    proxy._pyro.set("x", 3)
    assert server.calls[-1] == ("thing", "__setattr__", ("x", 3), None)


def test_the_handshake_value_is_sent_and_the_answer_can_be_refused(proxy: Proxy, server: Any) -> None:
    class Refusal(Exception):
        pass

    def validate(greeting: Any) -> None:
        if greeting != "welcome":
            raise Refusal(greeting)

    proxy._pyro.handshake = {"user": "me"}
    proxy._pyro.validate_handshake = validate
    with pytest.raises(Refusal, match="hello"):
        proxy._pyro.bind()
    assert not proxy._pyro.connected
    server.greeting = "welcome"
    proxy._pyro.bind()
    assert server.handshakes[-1] == {"handshake": {"user": "me"}, "object": "thing"}
    assert proxy._pyro.connection is not None
    assert proxy._pyro.connection.greeting == "welcome"


def test_the_serializer_can_be_chosen_per_proxy(proxy: Proxy, server: Any) -> None:
    assert proxy._pyro.serializer == "plain"
    proxy._pyro.serializer = "modern"
    assert proxy.add(1, 1) == 2
    assert server.requests[-1].serializer_id == 201
    proxy._pyro.serializer = None
    proxy._pyro.release()
    assert proxy.add(1, 1) == 2
    assert server.requests[-1].serializer_id == 200


def test_an_unknown_serializer_is_an_error_at_the_first_use(proxy: Proxy) -> None:
    proxy._pyro.serializer = "morse"
    with pytest.raises(PluginError, match="morse"):
        proxy.add(1, 1)


def test_a_serializer_that_an_old_server_cannot_know_is_an_error(proxy: Proxy, server: Any) -> None:
    server.speaks = 48
    proxy._pyro.serializer = "modern"
    with pytest.raises(SerializeError, match="'modern' cannot be used with protocol 48"):
        proxy.add(1, 1)


@pytest.mark.parametrize("seconds", [0, None])
def test_a_timeout_of_zero_or_none_means_none(proxy: Proxy, seconds: float | None) -> None:
    proxy._pyro.timeout_s = 3
    proxy._pyro.timeout_s = seconds
    assert proxy._pyro.timeout_s is None


def test_a_negative_timeout_is_refused(proxy: Proxy) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        proxy._pyro.timeout_s = -1
