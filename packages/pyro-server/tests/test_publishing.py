"""Names that are kept registered, with a name server that stands in for ours."""

import logging
from typing import Any, Self

import pytest

from pyro_core.errors import CommunicationError, NameOwned, NameServerNotFound, PyroError
from pyro_core.metadata import Metadata
from pyro_core.testing.clock import FakeClock
from pyro_core.uri import URI
from pyro_server.publishing import NameKeeper

HERE = URI("PYRO:thing@localhost:4444")
OURS = frozenset({"register", "renew", "remove", "list"})


class NameServer:
    """Stands for the proxy of a name server that knows leases."""

    def __init__(self) -> None:
        self.methods = OURS
        self.names: dict[str, tuple[str, float | None, str]] = {}
        self.calls: list[str] = []
        self.failure: Exception | None = None
        self.uri = URI("PYRO:Pyro.NameServer@localhost:9090")
        self.timeout_s: float | None = None
        self._pyro = self

    def __call__(self, ns: str | None = None) -> Self:
        self.called("connect")
        return self

    def called(self, what: str) -> None:
        self.calls.append(what)
        if self.failure is not None:
            raise self.failure

    def known_metadata(self) -> Metadata:
        return Metadata(self.methods)

    def release(self) -> None:
        self.calls.append("release")

    def register(
        self, name: str, uri: str, metadata: Any = (), ttl: float | None = None, owner: str = ""
    ) -> None:
        self.called(f"register {name}")
        if name in self.names and self.names[name][2] != owner:
            raise NameOwned(name)
        self.names[name] = uri, ttl, owner

    def renew(self, names: list[str], owner: str) -> list[str]:
        self.called("renew")
        return [name for name in names if name not in self.names]

    def list(self, prefix: str) -> dict[str, str]:
        return {name: entry[0] for name, entry in self.names.items() if name.startswith(prefix)}

    def remove(self, name: str, owner: str = "") -> None:
        self.called(f"remove {name}")
        self.names.pop(name, None)


@pytest.fixture
def server() -> NameServer:
    return NameServer()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def keeper(server: NameServer, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> NameKeeper:
    monkeypatch.setattr("threading.Thread.start", lambda self: None)  # the tests turn the wheel
    return NameKeeper(server, clock=clock, draw=lambda: 1.0)


def turn(keeper: NameKeeper) -> None:
    for place in list(keeper._places.values()):
        keeper.refresh(place)


def due_in(keeper: NameKeeper, clock: FakeClock) -> float:
    return min(place.due for place in keeper._places.values()) - clock()


def states(keeper: NameKeeper) -> dict[str, str]:
    return {name: kept.state for name, kept in keeper.names.items()}


def test_a_name_is_leased_and_renewed_well_before_it_ends(
    keeper: NameKeeper, server: NameServer, clock: FakeClock
) -> None:
    keeper.publish("a", HERE, ttl_s=12)
    assert server.names["a"][:2] == (str(HERE), 12)
    assert due_in(keeper, clock) == 4
    turn(keeper)
    assert server.calls == ["connect", "register a", "renew"]
    assert states(keeper) == {"a": "leased"}


def test_a_name_that_the_name_server_lost_is_registered_again(keeper: NameKeeper, server: NameServer) -> None:
    keeper.publish("a", HERE)
    keeper.publish("b", HERE)
    del server.names["b"]
    turn(keeper)
    assert server.calls[-2:] == ["renew", "register b"]
    assert set(server.names) == {"a", "b"}


def test_an_outage_is_said_once_and_so_is_its_end(
    keeper: NameKeeper, server: NameServer, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    keeper.publish("a", HERE)
    server.failure = CommunicationError("gone")
    waits = []
    for _ in range(6):
        turn(keeper)
        waits.append(due_in(keeper, clock))
    assert waits == pytest.approx([0.25, 0.5, 1, 2, 4, 5])
    assert states(keeper) == {"a": "retrying"}
    assert keeper.names["a"].problem == "gone"
    server.failure = None
    server.names.clear()
    turn(keeper)
    turn(keeper)
    assert states(keeper) == {"a": "leased"}
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(said) == 2
    assert said[0].endswith("tried again until it works: gone")
    assert said[1] == "the name a is registered again"


def test_an_unexpected_error_does_not_end_it(
    keeper: NameKeeper, server: NameServer, caplog: pytest.LogCaptureFixture
) -> None:
    keeper.publish("a", HERE)
    server.failure = ZeroDivisionError("bug")
    turn(keeper)
    assert caplog.records[-1].exc_info is not None
    server.failure = None
    turn(keeper)
    assert states(keeper) == {"a": "leased"}


def test_a_name_that_somebody_else_has_is_waited_for(keeper: NameKeeper, server: NameServer) -> None:
    server.names["a"] = "PYRO:old@localhost:1", 20, "a server that was killed"
    keeper.publish("a", HERE)
    assert states(keeper) == {"a": "waiting"}
    turn(keeper)
    assert states(keeper) == {"a": "waiting"}
    del server.names["a"]
    turn(keeper)
    assert states(keeper) == {"a": "leased"}


def test_who_gives_the_same_owner_takes_the_name_over_at_once(keeper: NameKeeper, server: NameServer) -> None:
    server.names["a"] = "PYRO:old@localhost:1", 20, "mine"
    keeper.publish("a", HERE, owner="mine")
    assert server.names["a"][0] == str(HERE)
    assert "mine" not in repr(keeper.names)


@pytest.mark.parametrize("failure", [NameServerNotFound([("a:1", "refused")]), CommunicationError("x")])
def test_a_first_attempt_that_fails_is_an_error(
    keeper: NameKeeper, server: NameServer, failure: PyroError
) -> None:
    server.failure = failure
    with pytest.raises(type(failure)):
        keeper.publish("a", HERE)
    assert keeper.names == {}


def test_a_name_server_without_leases_gets_permanent_names_and_no_lasting_connection(
    keeper: NameKeeper, server: NameServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.methods = OURS - {"renew"}
    keeper.publish("a", HERE)
    keeper.publish("b", HERE)
    assert states(keeper) == {"a": "permanent", "b": "permanent"}
    assert server.names["a"] == (str(HERE), None, "")
    assert server.calls[-1] == "release"
    assert [record.getMessage().split(":")[1][:17] for record in caplog.records] == ["9090 knows no lea"]
    server.names["b"] = "PYRO:other@localhost:1", None, ""
    keeper.withdraw(lambda kept: True)
    assert set(server.names) == {"b"}  # which somebody else has taken over


def test_names_are_taken_out_at_the_end(keeper: NameKeeper, server: NameServer) -> None:
    keeper.publish("a", HERE)
    keeper.publish("b", HERE)
    keeper.withdraw(lambda kept: kept.name == "a")
    assert set(server.names) == set(keeper.names) == {"b"}
    keeper.withdraw(lambda kept: True)
    assert server.names == {}
    assert server.calls[-1] == "release"


def test_what_cannot_be_taken_out_is_said(
    keeper: NameKeeper, server: NameServer, caplog: pytest.LogCaptureFixture
) -> None:
    keeper.publish("a", HERE)
    server.failure = CommunicationError("gone")
    keeper.withdraw(lambda kept: True)
    assert "names stay registered" in caplog.text
    assert "gone" in caplog.text


def test_names_are_taken_out_by_another_name_server_where_the_one_that_was_known_is_gone(
    keeper: NameKeeper, server: NameServer, caplog: pytest.LogCaptureFixture
) -> None:
    keeper.publish("a", HERE)
    server.failure = CommunicationError("gone")
    server.release = lambda: setattr(server, "failure", None)  # type: ignore[method-assign]  # the next connection works
    keeper.withdraw(lambda kept: True)
    assert server.names == {}
    assert "names stay registered" not in caplog.text
