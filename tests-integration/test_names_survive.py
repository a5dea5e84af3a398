"""What name servers acknowledged survives whichever process is killed; leased names go with their servers."""

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import name_servers
import processes
import pytest
import storage_engines
from name_servers import HERE, SteadyClient

from pyro_client import Proxy
from pyro_core.errors import CommunicationError

TTL_S = 2.0


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[storage_engines.Etcd]:
    with storage_engines.running_etcd(tmp_path_factory.mktemp("etcd"), members=3) as etcd:
        yield etcd


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[storage_engines.Postgres]:
    with storage_engines.running_postgres(tmp_path_factory.mktemp("postgres")) as postgres:
        yield postgres


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where names are kept, in a place of this test."""
    if request.param == "etcd":
        return f"etcd:{request.getfixturevalue('etcd').location}{tmp_path}"
    if request.param == "postgres":
        return f"postgres:{request.getfixturevalue('postgres').schema(tmp_path.name)}"
    return f"sqlite:{tmp_path}/names" if request.param == "sqlite" else "memory"


def test_a_name_server_on_sqlite_killed_at_work_has_lost_nothing(tmp_path: Path) -> None:
    storage = f"sqlite:{tmp_path}/names"
    acknowledged: list[str] = []
    enough = threading.Event()
    with name_servers.name_servers(storage) as (server,), Proxy(server.uri) as ns:

        def kill() -> None:
            enough.wait(30)
            server.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(CommunicationError):
            for number in range(1000):
                ns.register(f"name{number}", HERE, metadata=["a tag"])
                acknowledged.append(f"name{number}")
                if number == 600:
                    enough.set()
        killer.join()
    with name_servers.name_servers(storage) as (server,), Proxy(server.uri) as ns:
        found = ns.list(prefix="name", return_metadata=True)
        assert set(acknowledged) <= set(found)
        assert len(found) <= len(acknowledged) + 1, "one may have been stored and not acknowledged"
        assert all(tags == {"a tag"} for _, tags in found.values())
        for number in range(len(acknowledged), 1000):
            ns.register(f"name{number}", HERE)
        assert ns.count() == 1001


@pytest.mark.parametrize("place", ["etcd"], indirect=True)
@pytest.mark.parametrize("victim", ["leader", "follower", "name server"])
def test_two_name_servers_on_three_etcd_members_lose_nothing(
    etcd: storage_engines.Etcd, place: str, victim: str
) -> None:
    with name_servers.name_servers(place, 2) as servers:
        client = SteadyClient(servers)
        client.work(50)
        number = etcd.leader()
        if victim == "follower":
            number = (number + 1) % 3
        try:
            kill = servers[0].kill if victim == "name server" else lambda: etcd.kill(number)
            killer = threading.Thread(target=kill)
            killer.start()
            client.work(100)
            killer.join()
            left = servers[1:] if victim == "name server" else servers
            client.check(left)
            print(f"longest delay when the {victim} was killed: {client.longest_s:.2f} s")
            assert client.longest_s < 10.0
        finally:
            client.close()
            if victim != "name server":
                etcd.go_on(number)


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_two_name_servers_on_postgres_lose_nothing(place: str) -> None:
    with name_servers.name_servers(place, 2) as servers:
        client = SteadyClient(servers)
        client.work(50)
        killer = threading.Thread(target=servers[0].kill)
        killer.start()
        client.work(100)
        killer.join()
        client.check(servers[1:])
        client.close()
        print(f"longest delay: {client.longest_s:.2f} s")
        assert client.longest_s < 5.0


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_name_servers_find_a_postgres_that_was_started_again(
    postgres: storage_engines.Postgres, place: str
) -> None:
    with name_servers.name_servers(place, 2) as servers, Proxy(servers[0].uri) as ns:
        client = SteadyClient(servers)
        client.work(20)
        items = iter(ns.watch())
        assert next(items)["kind"] == "current"
        postgres.stop()
        postgres.go_on()
        client.work(20)
        client.check(servers)
        client.close()
        assert next(items)["name"] == "name20"


@pytest.mark.parametrize("place", ["sqlite", "etcd", "postgres"], indirect=True)
def test_a_watcher_goes_on_at_another_name_server(place: str) -> None:
    with name_servers.name_servers(place, 2) as (first, second):
        with Proxy(first.uri) as ns, Proxy(second.uri) as other:
            other_items = iter(other.watch())  # so that it has seen what happens from here on
            assert next(other_items)["kind"] == "current"
            items = iter(ns.watch(0))
            assert [next(items)["kind"] for _ in range(2)] == ["reset", "current"]
            other.register("one", HERE)
            seen = next(items)
            assert (seen["kind"], seen["name"]) == ("added", "one")
            ns.register("two", HERE)
        first.kill()
        with Proxy(second.uri) as other:
            other.remove("one")
            items = iter(other.watch(seen["revision"]))
            told = [(item["kind"], item["name"]) for item in (next(items) for _ in range(2))]
            assert told == [("added", "two"), ("removed", "one")]


@pytest.mark.parametrize("place", ["memory", "sqlite", "etcd", "postgres"], indirect=True)
def test_the_name_of_a_killed_server_is_gone_soon(place: str) -> None:
    with (
        name_servers.name_servers(place) as (server,),
        Proxy(server.uri) as ns,
        Proxy(server.uri) as watching,
    ):
        items = iter(watching.watch())
        program = str(processes.PEERS / "leasing_server.py")
        with processes.running([sys.executable, program, server.uri, "leased", str(TTL_S)]) as leasing:
            for word in ("ready", *["renewed"] * 5):  # longer than the lease
                processes.wait_for(leasing, word)
            assert set(ns.list("leased")) == {"leased"}
            leasing.kill()
            killed_at = time.monotonic()
        assert [next(items)["kind"] for _ in range(3)] == ["current", "added", "expired"]
        assert time.monotonic() - killed_at < TTL_S + 2.0
        assert ns.list("leased") == {}
