"""Forgetting names whose servers are gone."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyro_core.errors import CommunicationError, NamingError, SettingsError
from pyro_core.uri import URI
from pyro_nameserver.autoclean import AutoCleaner, accepts_connections
from pyro_nameserver.storage.base import Entry
from pyro_nameserver.storage.memory import MemoryStorage

DEAD = "PYRO:obj@dead:1"
ALIVE = "PYRO:obj@alive:1"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def _cleaner(
    storage: MemoryStorage, clock: Clock, probe: Callable[[URI], bool] = lambda uri: uri.host == "alive"
) -> AutoCleaner:
    return AutoCleaner(storage, period_s=3, clock=clock, probe=probe)


def test_leased_names_are_left_to_their_leases(clock: Clock) -> None:
    storage = MemoryStorage(clock=clock)
    tried: list[URI] = []

    def probe(uri: URI) -> bool:
        tried.append(uri)
        return False

    storage.put("leased", DEAD, ttl_s=600.0, owner="me")
    cleaner = _cleaner(storage, clock, probe)
    for _ in range(3):
        assert cleaner.sweep() == []
        clock.now += 20
    assert tried == []
    assert set(storage.find()) == {"leased"}


def test_a_server_that_stays_away_for_20_seconds_is_forgotten(storage: MemoryStorage, clock: Clock) -> None:
    """E1."""
    storage.put("dead", DEAD)
    storage.put("alive", ALIVE)
    cleaner = _cleaner(storage, clock)
    assert cleaner.sweep() == []
    clock.now += 19.9
    assert cleaner.sweep() == []
    clock.now += 0.1
    assert cleaner.sweep() == ["dead"]
    assert set(storage.find()) == {"alive"}


def test_a_server_that_comes_back_starts_anew(storage: MemoryStorage, clock: Clock) -> None:
    storage.put("a", DEAD)
    answers = iter([False, True, False, False])
    cleaner = _cleaner(storage, clock, lambda uri: next(answers))
    for _ in range(3):
        assert cleaner.sweep() == []
        clock.now += 15
    clock.now += 5
    assert cleaner.sweep() == ["a"]


def test_a_name_that_moved_meanwhile_is_kept(storage: MemoryStorage, clock: Clock) -> None:
    storage.put("a", DEAD)

    def probe(uri: URI) -> bool:
        storage.put("a", ALIVE)
        return False

    cleaner = _cleaner(storage, clock)
    cleaner.sweep()
    clock.now += 30
    cleaner._probe = probe
    assert cleaner.sweep() == []
    assert storage.get("a") == Entry(ALIVE, frozenset())


def test_a_server_with_many_names_is_tried_once_per_round(storage: MemoryStorage, clock: Clock) -> None:
    tried = []
    for number in range(5):
        storage.put(f"name{number}", f"PYRO:obj{number}@dead:1")
    cleaner = _cleaner(storage, clock, lambda uri: bool(tried.append(uri.location)))
    cleaner.sweep()
    assert tried == ["dead:1"]
    clock.now += 20
    assert len(cleaner.sweep()) == 5


@pytest.mark.parametrize("uri", ["PYRONAME:alias@dead:1", "PYROMETA:tag", "no address at all", "PYRO:x@./u:"])
def test_what_cannot_be_tried_is_kept(storage: MemoryStorage, clock: Clock, uri: str) -> None:
    """E1: no entry stops the cleaning."""
    storage.put("odd", uri)
    storage.put("dead", DEAD)
    cleaner = _cleaner(storage, clock)
    cleaner.sweep()
    clock.now += 20
    assert cleaner.sweep() == ["dead"]


@pytest.mark.parametrize(
    "uri",
    [
        f"PYRO:x@{'h' * 70}.{'i' * 70}:1",
        "PYRO:x@ä..b:1",
        "PYRO:x@h\0st:1",
        f"PYRO:x@./u:/{'p' * 300}",
        "PYRO:x@./u:/nowhere/socket",
        "PYRO:x@./u:\0nobody-listens-here",
    ],
)
def test_a_hopeless_address_is_unreachable(storage: MemoryStorage, clock: Clock, uri: str) -> None:
    """E1: no entry stops the cleaning."""
    storage.put("odd", uri)
    cleaner = _cleaner(storage, clock, accepts_connections)
    assert cleaner.sweep() == []
    clock.now += 20
    assert cleaner.sweep() == ["odd"]


def test_a_tcp_server_is_tried_by_connecting(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    uri = URI(f"PYRO:obj@127.0.0.1:{port}")
    assert accepts_connections(uri)
    listener.close()
    assert not accepts_connections(uri)


def test_a_unix_socket_is_tried_by_connecting(tmp_path: Path) -> None:
    """E1."""
    path = tmp_path / "s"
    uri = URI(f"PYRO:obj@./u:{path}")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        assert accepts_connections(uri)
    assert not accepts_connections(uri)


def test_a_server_that_may_not_be_connected_to_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(uri: URI, **options: object) -> None:
        raise CommunicationError("no") from PermissionError(13, "permission denied")

    monkeypatch.setattr("pyro_nameserver.autoclean.connect", refuse)
    assert accepts_connections(URI(DEAD))


@pytest.mark.parametrize("period_s", [2.9, -1, float("nan")])
def test_the_period_has_a_minimum(storage: MemoryStorage, period_s: float) -> None:
    with pytest.raises(SettingsError, match=r"must be 3\.0 s or more"):
        AutoCleaner(storage, period_s=period_s)
    AutoCleaner(storage, period_s=3)
    AutoCleaner(storage, period_s=0.5, min_period_s=0.5)


def test_a_storage_that_fails_now_does_not_end_the_cleaning(
    storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = threading.Event()
    rounds = []

    def find(prefix: str = "") -> dict[str, Entry]:
        rounds.append(prefix)
        if len(rounds) == 1:
            raise NamingError("locked")
        again.set()
        return {}

    monkeypatch.setattr(storage, "find", find)
    with AutoCleaner(storage, period_s=0.001, min_period_s=0) as cleaner:
        cleaner.start()
        assert again.wait(10)


def test_closing_does_not_wait_for_the_next_round(storage: MemoryStorage) -> None:
    cleaner = AutoCleaner(storage, period_s=10_000)
    cleaner.start()
    cleaner.close()
    cleaner.close()
    assert not any(thread.name == "pyro-ns-autoclean" for thread in threading.enumerate())
