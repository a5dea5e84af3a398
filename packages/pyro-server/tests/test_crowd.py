"""How many connections a daemon lets in: each limit at its value and just above."""

from dataclasses import replace

import pytest

from pyro_core.errors import SecurityError
from pyro_core.setting_groups import Limits
from pyro_server.connection import Connection
from pyro_server.crowd import Crowd


def crowd(**limits: int) -> Crowd:
    return Crowd(replace(Limits(), **limits))  # type: ignore[arg-type]


def arrived(crowd: Crowd, peer: str) -> Connection:
    connection = Connection(peer, None)
    crowd.arrived(connection)
    return connection


def test_handshakes_of_one_peer_are_limited() -> None:
    counts = crowd(max_handshakes_per_peer=2)
    first = arrived(counts, "10.0.0.1:1")
    arrived(counts, "10.0.0.1:2")
    with pytest.raises(ConnectionRefusedError):
        arrived(counts, "10.0.0.1:3")
    arrived(counts, "10.0.0.2:3")
    counts.left(first)
    arrived(counts, "10.0.0.1:4")


def test_handshakes_of_all_peers_are_limited() -> None:
    counts = crowd(max_handshakes=2)
    arrived(counts, "10.0.0.1:1")
    second = arrived(counts, "[::1]:2")
    with pytest.raises(ConnectionRefusedError):
        arrived(counts, "10.0.0.3:3")
    counts.accept(second)
    arrived(counts, "10.0.0.3:3")


def test_connections_of_one_peer_are_limited() -> None:
    counts = crowd(max_connections_per_peer=2)
    first, second, third = (arrived(counts, f"[::1]:{port}") for port in range(3))
    counts.accept(first)
    counts.accept(second)
    with pytest.raises(SecurityError, match=r"too many connections from \[::1\] \(2\)"):
        counts.accept(third)
    counts.accept(arrived(counts, "[::2]:1"))
    counts.left(first)
    counts.left(first)
    counts.accept(third)
    with pytest.raises(SecurityError):
        counts.accept(arrived(counts, "[::1]:4"))


def test_who_left_during_the_handshake_is_not_counted() -> None:
    counts = crowd(max_connections_per_peer=1)
    gone = arrived(counts, "h:1")
    counts.left(gone)
    counts.accept(gone)
    counts.accept(arrived(counts, "h:2"))


def test_clients_on_unix_sockets_count_as_one_peer() -> None:
    counts = crowd(max_connections_per_peer=1)
    counts.accept(arrived(counts, ""))
    with pytest.raises(SecurityError, match="Unix sockets"):
        counts.accept(arrived(counts, ""))


def test_nothing_is_kept_of_those_who_left() -> None:
    counts = crowd()
    for port in range(10):
        connection = arrived(counts, f"10.0.0.{port}:{port}")
        counts.accept(connection)
        counts.left(connection)
    assert not counts._guests_of
    assert not counts._strangers_of
    assert counts._strangers == 0
