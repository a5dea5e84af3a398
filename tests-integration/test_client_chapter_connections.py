"""Connections: when they are made, shared, lost and made anew. See ``docs/reference/client-chapter.md``."""

import copy
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from chapter_daemons import LOOPBACK, PATIENCE_S, MusicServer, serving

from pyro_client import (
    URI,
    ClientSettings,
    CommunicationError,
    ConnectionClosedError,
    Proxy,
    TimeoutError,
)
from pyro_core.settings import Timeouts
from pyro_server import Daemon, current_call, expose, idempotent


@expose
class Desk:
    """Tells who stands in front of it."""

    def __init__(self) -> None:
        self.gone = threading.Event()
        self.visits = 0
        self.together = threading.Barrier(2)

    def caller(self) -> str:
        return current_call().client_address

    def clients(self) -> int:
        counting: CountingDaemon = current_call().daemon
        return counting.clients

    def stay(self) -> None:
        self.together.wait(PATIENCE_S)

    @idempotent
    def flaky(self) -> int:
        return self.careful()

    def careful(self) -> int:
        self.visits += 1
        if self.visits < 3:
            current_call().connection.socket.shutdown(2)
        return self.visits

    def never(self) -> None:
        self.gone.wait(PATIENCE_S)


class CountingDaemon(Daemon):
    """Counts the clients it has."""

    clients = 0
    left = threading.Event()

    def validate_handshake(self, connection: Any, data: Any) -> Any:
        self.clients += 1
        return "hello"

    def client_disconnect(self, connection: Any) -> None:
        self.clients -= 1
        self.left.set()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def daemon(desk: Desk) -> Iterator[CountingDaemon]:
    with CountingDaemon(LOOPBACK) as daemon:
        daemon.left = threading.Event()
        daemon.register(desk, "desk")
        yield daemon.start()
        desk.gone.set()


@pytest.fixture
def uri(daemon: CountingDaemon) -> URI:
    return daemon.uri_for("desk")


def test_making_a_proxy_makes_no_connection() -> None:
    with Proxy("PYRO:nobody@127.0.0.1:1") as proxy:
        assert not proxy._pyro.connected
        with pytest.raises(CommunicationError):
            proxy.anything()


@pytest.mark.parametrize("connect", ["bind", "reconnect"])
def test_a_proxy_can_be_told_to_connect_now(daemon: CountingDaemon, uri: URI, connect: str) -> None:
    with Proxy(uri) as proxy:
        getattr(proxy._pyro, connect)()
        assert proxy._pyro.connected
        assert daemon.clients == 1


def test_every_proxy_has_a_connection_of_its_own(uri: URI) -> None:
    with Proxy(uri) as one, Proxy(uri) as other:
        assert one.caller() != other.caller()
        assert one.caller() == one.caller()
        assert one.clients() == 2


def test_threads_share_a_proxy_and_its_connection(uri: URI) -> None:
    callers: list[str] = []
    with Proxy(uri) as proxy:
        threads = [threading.Thread(target=lambda: callers.append(proxy.caller())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
        assert callers == [proxy.caller()] * 8


@pytest.mark.parametrize(
    "twin_of",
    [copy.copy, lambda proxy: Proxy(proxy._pyro.uri), lambda proxy: Proxy(str(proxy._pyro.uri))],
    ids=["copy.copy", "from its uri", "from its uri as text"],
)
def test_copies_have_connections_of_their_own_and_call_in_parallel(uri: URI, twin_of: Any) -> None:
    with Proxy(uri) as proxy, twin_of(proxy) as twin:
        other = threading.Thread(target=twin.stay)
        other.start()
        proxy.stay()  # returns when both calls are there at the same time
        other.join(PATIENCE_S)
        assert proxy.caller() != twin.caller()


def test_releasing_ends_the_connection_at_the_server_too(daemon: CountingDaemon, uri: URI) -> None:
    with Proxy(uri) as proxy:
        proxy.caller()
        proxy._pyro.release()
        assert not proxy._pyro.connected
        assert daemon.left.wait(PATIENCE_S)
        assert daemon.clients == 0


def test_leaving_the_with_block_releases_also_after_an_error(daemon: CountingDaemon, uri: URI) -> None:
    with pytest.raises(LookupError), Proxy(uri) as proxy:
        proxy.caller()
        raise LookupError
    assert not proxy._pyro.connected
    assert daemon.left.wait(PATIENCE_S)


def test_a_released_proxy_can_be_used_again_and_reconnects(uri: URI) -> None:
    with Proxy(uri) as proxy:
        first = proxy.caller()
        proxy._pyro.release()
        assert proxy.caller() != first
    assert proxy.caller()
    proxy._pyro.release()


def test_calls_wait_as_long_as_it_takes_unless_told_otherwise() -> None:
    assert ClientSettings().timeouts.call_s is None
    music = MusicServer()
    with serving(music) as uri, Proxy(uri) as proxy:
        proxy.tell()
        threading.Timer(0.2, music.may_go_on.set).start()
        assert proxy.wait_for_permission()


def test_a_timeout_in_the_settings_is_for_all_proxies_that_use_them(uri: URI) -> None:
    impatient = ClientSettings(timeouts=replace(Timeouts(), call_s=0.2))
    for _ in range(2):
        with Proxy(uri, settings=impatient) as proxy, pytest.raises(TimeoutError):
            proxy.never()


def test_the_timeout_of_commtimeout_is_read(monkeypatch: pytest.MonkeyPatch, uri: URI) -> None:
    monkeypatch.setenv("PYRO_COMMTIMEOUT", "0.2")
    with Proxy(uri) as proxy, pytest.raises(TimeoutError):
        proxy.never()


def test_a_timeout_can_be_set_on_one_proxy(uri: URI) -> None:
    with Proxy(uri) as impatient, Proxy(uri) as patient:
        impatient._pyro.timeout_s = 0.2
        with pytest.raises(TimeoutError):
            impatient.never()
        assert patient._pyro.timeout_s is None
        assert impatient.caller()  # it can be used on


@pytest.mark.parametrize("where", ["settings", "environment", "proxy"])
def test_calls_whose_connection_failed_are_repeated_when_asked_for(
    uri: URI, desk: Desk, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == "environment":
        monkeypatch.setenv("PYRO_MAX_RETRIES", "3")
    settings = ClientSettings(max_retries=3) if where == "settings" else None
    with Proxy(uri, settings=settings) as proxy:
        if where == "proxy":
            proxy._pyro.max_retries = 3
        assert proxy.flaky() == 3
        assert desk.visits == 3


def test_what_is_not_idempotent_is_repeated_but_executed_once(uri: URI, desk: Desk) -> None:
    with Proxy(uri, settings=ClientSettings(max_retries=3)) as proxy:
        assert proxy.careful() == 1
        assert desk.visits == 1


def test_calls_are_not_repeated_unless_asked_for(uri: URI, desk: Desk) -> None:
    with Proxy(uri) as proxy:
        with pytest.raises(ConnectionClosedError):
            proxy.flaky()
        assert desk.visits == 1


def test_a_server_that_is_gone_is_a_closed_connection_and_reconnecting_goes_on() -> None:
    with Daemon(LOOPBACK) as first:
        uri = first.register(MusicServer(), "music")
        first.start()
        proxy = Proxy(uri)
        assert proxy.current_song() == "nothing"
    with pytest.raises(ConnectionClosedError):
        proxy.current_song()
    with pytest.raises(ConnectionClosedError, match="2 attempts"):
        proxy._pyro.reconnect(tries=2, first_wait_s=0.01)
    # The same id, host and port: that is the server's part of it.
    started = threading.Event()
    waiting = threading.Thread(target=lambda: (started.set(), proxy._pyro.reconnect(first_wait_s=0.01)))
    waiting.start()
    assert started.wait(PATIENCE_S)
    with Daemon(LOOPBACK, port=uri.port) as second:
        second.register(MusicServer(), "music")
        second.start()
        waiting.join(PATIENCE_S)
        assert not waiting.is_alive()
        assert proxy.current_song() == "nothing"
        proxy._pyro.release()
