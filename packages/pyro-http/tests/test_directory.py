import asyncio

import pytest

from pyro_core.errors import NameNotFound
from pyro_core.settings import ClientSettings
from pyro_core.testing.clock import FakeClock
from pyro_http.directory import MAX_WAITING, REMEMBERED_S, Directory
from pyro_http.exposure import Exposure

NOBODY = ClientSettings(ns_host="127.0.0.1:1", broadcast_addresses=())


def heard(clock: FakeClock) -> Directory:
    """A directory that has heard of two names, of which one is offered."""
    directory = Directory(NOBODY, Exposure([r"http\..*"]), clock=clock)
    fresh = {}
    for name in ("http.a", "other"):
        item = {"name": name, "uri": "PYRO:o@localhost:1", "tags": ["x"], "ttl": 10.0}
        directory._keep(fresh, item)
    directory._heard(fresh)
    directory._tells = True
    return directory


def test_only_offered_names_are_known_and_leases_count_down() -> None:
    clock = FakeClock()
    directory = heard(clock)
    clock.advance(4.0)
    lease = {"ttl_s": 10.0, "left_s": 6.0}
    assert directory.shown() == [{"name": "http.a", "tags": ["x"], "lease": lease}]
    with pytest.raises(NameNotFound, match=r"did you mean 'http\.a'"):
        asyncio.run(directory.lookup("http.b"))


def test_an_address_that_is_none_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    directory = heard(FakeClock())
    directory._changed({"kind": "added", "name": "http.bad", "uri": "nonsense"})
    assert list(directory.names) == ["http.a"]
    assert "has an address that is none" in caplog.text


def test_a_watcher_that_is_too_slow_begins_anew() -> None:
    async def run(waiting: int) -> list[str]:
        directory = heard(FakeClock())
        events = directory.events()
        kinds = [(await anext(events))["kind"] for _ in range(3)]
        for _ in range(waiting):
            directory._tell({"kind": "removed", "name": "http.b"})
        directory._tell({"kind": "last"}) if waiting < MAX_WAITING else None
        async for event in events:
            kinds.append(event["kind"])
            if event["kind"] == "last":
                break
        await events.aclose()
        assert len(directory) == 0
        return kinds

    kinds = asyncio.run(run(MAX_WAITING - 1))
    assert kinds == ["reset", "added", "current", *["removed"] * (MAX_WAITING - 1), "last"]
    kinds = asyncio.run(run(MAX_WAITING + 1))
    assert kinds == ["reset", "added", "current", *["removed"] * (MAX_WAITING - 1)]


def test_names_hold_for_a_while_without_the_name_server() -> None:
    clock = FakeClock()
    directory = heard(clock)
    directory.problem = "gone"
    directory._lost_at = clock()
    clock.advance(REMEMBERED_S - 0.1)
    assert asyncio.run(directory.lookup("http.a")).name == "http.a"
    clock.advance(0.1)
    with pytest.raises(Exception, match="Failed to locate the nameserver"):
        asyncio.run(directory.lookup("http.a"))
