"""What is remembered of a name server, and until when."""

from collections.abc import Callable
from typing import Any

import pytest

from pyro_client import lookups
from pyro_client.lookups import MAX_AGE_S, MAX_NAMES, PAUSE_S, SILENCE_S, FollowedNames, Lookups
from pyro_core.features import STREAM
from pyro_core.metadata import Metadata
from pyro_core.settings import ClientSettings
from pyro_core.testing.clock import FakeClock
from pyro_core.uri import URI

TAGS = frozenset({"t"})


class Answering:
    """Stands for a connection to a name server."""

    uri = URI("PYRO:Pyro.NameServer@127.0.0.1:1")
    token = None

    def __init__(self, *methods: str, features: frozenset[str] = frozenset({STREAM})) -> None:
        self.metadata = Metadata(frozenset(methods))
        self.features = features


OURS: Any = Answering("lookup", "watch")


class Listener:
    """Stands for the proxy that listens."""

    def __init__(self) -> None:
        self._pyro = self
        self.connected = True


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def begun() -> list[Callable[[], object]]:
    return []


@pytest.fixture
def names(clock: FakeClock, begun: list[Callable[[], object]]) -> FollowedNames:
    return FollowedNames(ClientSettings(), clock=clock, listen=begun.append)


def live(names: FollowedNames) -> FollowedNames:
    names._listener = Listener()  # type: ignore[assignment]
    names.heard({"kind": "current", "revision": 1})
    return names


def learn(names: FollowedNames, target: Any = "a", connection: Any = OURS) -> None:
    names.learn(target, ["PYRO:x@h:1"], connection, names.moment)


def test_listening_begins_when_a_name_is_looked_up_again(
    names: FollowedNames, begun: list[Callable[[], object]]
) -> None:
    learn(names)
    learn(names, "b")
    assert begun == []
    learn(names)
    learn(names)
    assert len(begun) == 1


@pytest.mark.parametrize("other", [Answering("lookup"), Answering("lookup", "watch", features=frozenset())])
def test_nobody_listens_to_a_name_server_that_does_not_tell(
    names: FollowedNames, begun: list[Callable[[], object]], other: Any
) -> None:
    learn(names, connection=other)
    learn(names, connection=other)
    assert begun == []


def test_nothing_is_remembered_while_nobody_listens(names: FollowedNames) -> None:
    learn(names)
    assert names.get("a") is None
    live(names)
    assert names.get("a") is None  # it may have changed before that
    learn(names)
    assert names.get("a") == ["PYRO:x@h:1"]


@pytest.mark.parametrize("kind", ["added", "changed", "removed", "expired"])
def test_a_change_makes_it_forget_the_name_and_all_tags(names: FollowedNames, kind: str) -> None:
    live(names)
    for target in ("a", "b", TAGS):
        learn(names, target)
    names.heard({"kind": kind, "name": "a", "revision": 2})
    assert [names.get(target) for target in ("a", "b", TAGS)] == [None, ["PYRO:x@h:1"], None]


def test_a_reset_makes_it_forget_everything(names: FollowedNames) -> None:
    learn(live(names))
    names.heard({"kind": "reset", "revision": 0})
    assert names.get("a") is None


def test_an_answer_from_before_a_change_is_not_remembered(names: FollowedNames) -> None:
    moment = live(names).moment
    names.heard({"kind": "changed", "name": "a", "revision": 2})
    names.learn("a", ["PYRO:old@h:1"], OURS, moment)
    assert names.get("a") is None


def test_nothing_holds_when_the_name_server_is_silent_or_gone(names: FollowedNames, clock: FakeClock) -> None:
    learn(live(names))
    clock.advance(SILENCE_S)
    assert names.get("a") is None
    names.heard({"kind": "current", "revision": 1})
    assert names.get("a") is not None
    listener: Any = names._listener
    listener.connected = False
    assert names.get("a") is None


def test_nothing_is_remembered_for_ever(names: FollowedNames, clock: FakeClock) -> None:
    learn(live(names))
    for _ in range(int(MAX_AGE_S) // 10 + 1):
        clock.advance(10)
        names.heard({"kind": "current", "revision": 1})
    assert names.get("a") is None


def test_it_remembers_no_more_than_the_limit(names: FollowedNames) -> None:
    live(names)
    for number in range(MAX_NAMES + 1):
        learn(names, f"n{number}")
    assert names.get("n0") is None
    assert names.get("n1") is not None
    assert len(names._known) == len(names._asked) == MAX_NAMES


def test_listening_that_failed_is_tried_again_later(
    names: FollowedNames, clock: FakeClock, begun: list[Callable[[], object]], free_port: int
) -> None:
    dead: Any = Answering("watch")
    dead.uri = URI(f"PYRO:Pyro.NameServer@127.0.0.1:{free_port}")
    for _ in range(2):
        learn(names, connection=dead)
    begun.pop()()
    learn(names, connection=dead)
    assert begun == []
    clock.advance(PAUSE_S)
    learn(names, connection=dead)
    assert len(begun) == 1


def test_each_way_of_asking_has_its_own_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "MAX_NAME_SERVERS", 3)
    memory = Lookups()
    one, other = ClientSettings(), ClientSettings(ns_token="t")
    first = memory.of(one, None)
    assert memory.of(ClientSettings(), None) is first
    known = [first, memory.of(other, None), memory.of(one, "h:1")]
    assert len(set(known)) == 3
    for names in known[1:]:
        assert names is not None
        names.wanted = True
    newest = memory.of(one, "h:2")  # in place of the only one that nobody listens to
    assert newest is not None
    assert memory.of(one, None) is not first
    for names in memory._names.values():
        names.wanted = True
    assert memory.of(one, "h:3") is None
    memory.after_fork()
    assert memory.of(one, "h:3") is not None
