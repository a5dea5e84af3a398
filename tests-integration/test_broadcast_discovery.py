"""Clients find the name server of their network without knowing its address."""

import json
import sys

import network_namespace
import processes
import pytest
from stock_env import stock_python

pytestmark = pytest.mark.skipif(
    network_namespace.missing() is not None, reason=str(network_namespace.missing())
)


def _told(listen_host: str) -> dict[str, str]:
    command = [sys.executable, str(processes.PEERS / "broadcast_peers.py"), listen_host, str(stock_python())]
    path = str(processes.PEERS.parent)
    done = processes.run(network_namespace.inside(command), env={"PYTHONPATH": path})
    told: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_whoever_broadcasts_the_question_is_told_the_address() -> None:
    told = _told(network_namespace.ADDRESS)
    uri = told.pop("server")
    assert told == dict.fromkeys(("broadcast", "everywhere", "loopback", "client", "Pyro4", "Pyro5"), uri)


def test_a_name_server_on_all_interfaces_names_the_one_that_faces_the_asker() -> None:
    told = _told("0.0.0.0")
    port = told["server"].rpartition(":")[2]
    facing = f"PYRO:Pyro.NameServer@{network_namespace.ADDRESS}:{port}"
    assert {told[who] for who in ("broadcast", "everywhere", "client", "Pyro4", "Pyro5")} == {facing}
    assert told["loopback"] == f"PYRO:Pyro.NameServer@127.0.0.1:{port}"


def test_multicast_dns_finds_it_beside_an_address_where_nobody_answers() -> None:
    script = str(processes.PEERS / "mdns_peers.py")
    done = processes.run(network_namespace.inside([sys.executable, script, network_namespace.ADDRESS]))
    told = json.loads(done.stdout.splitlines()[-1])
    assert {told["mdns"], told["client"], told["beside"]} == {told["server"]}
    assert told["known"] is None
    assert told["seconds"] < 2.5  # the address where nobody answers takes longer by itself
    assert told["tried"] == ["192.0.2.77:9", "broadcast to <broadcast>, 0.0.0.0 port 9091", "multicast DNS"]
