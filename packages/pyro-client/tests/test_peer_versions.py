"""The memory of the servers' protocol versions."""

from pyro_client.peer_versions import PeerVersions


def test_an_unknown_server_is_taken_for_a_modern_one() -> None:
    assert PeerVersions().get("host:1") == 502


def test_an_old_server_is_remembered_until_it_becomes_modern() -> None:
    peers = PeerVersions()
    peers.remember("host:1", 48)
    assert peers.get("host:1") == 48
    assert len(peers) == 1
    peers.remember("host:1", 502)
    assert peers.get("host:1") == 502
    assert len(peers) == 0


def test_the_memory_is_bounded_and_forgets_the_oldest() -> None:
    peers = PeerVersions(max_peers=2)
    for number in range(3):
        peers.remember(f"host:{number}", 48)
    assert len(peers) == 2
    assert [peers.get(f"host:{number}") for number in range(3)] == [502, 48, 48]
