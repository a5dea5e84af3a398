"""Where a daemon listens, begins and ends, and what it tells. See ``docs/reference/server-chapter.md``."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from chapter_daemons import LOOPBACK, PATIENCE_S

from pyro_client import CommunicationError, Proxy, PyroError, locate_ns
from pyro_core.names import DAEMON_ID
from pyro_core.net.sockets import interface_towards
from pyro_nameserver import start_ns
from pyro_server import Daemon, expose


@expose
class Thing:
    def method(self, arg: int) -> int:
        return 2 * arg


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    with Daemon(LOOPBACK) as daemon:
        yield daemon


def works(daemon: Daemon) -> bool:
    """Whether the address that the daemon gives for an object leads to it."""
    uri = daemon.register(Thing())
    daemon.start()
    with Proxy(uri) as proxy:
        return bool(proxy.method(21) == 42)


def test_by_default_only_this_machine_can_reach_it_on_any_free_port() -> None:
    with Daemon() as one, Daemon() as other:
        hosts = {daemon.location.rpartition(":")[0] for daemon in (one, other)}
        assert hosts == {"localhost"}
        assert one.location != other.location
        assert works(one)


def test_host_and_port_can_be_chosen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with Daemon(host="127.0.0.1", port=port) as daemon:
        assert daemon.location == f"127.0.0.1:{port}"
        assert works(daemon)


def test_the_host_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYRO_HOST", "127.0.0.1")
    with Daemon() as daemon:
        assert daemon.location.startswith("127.0.0.1:")


def test_the_address_that_faces_somebody_can_be_found_and_bound() -> None:
    address = interface_towards("127.0.0.1")
    assert address == "127.0.0.1"
    with Daemon(host=address) as daemon:
        assert works(daemon)


def test_a_unix_socket_can_be_used_instead(tmp_path: Path) -> None:
    path = tmp_path / "thing.sock"
    with Daemon(unixsocket=str(path)) as daemon:
        assert daemon.location == f"./u:{path}"
        assert works(daemon)
    assert not path.exists()


@pytest.mark.parametrize("natport", [4444, 0])
def test_behind_a_router_another_address_is_published(natport: int) -> None:
    with Daemon(LOOPBACK, nathost="router.example", natport=natport) as daemon:
        own_port = int(daemon.location.rpartition(":")[2])
        uri = daemon.register(Thing(), "thing")
        assert str(uri) == f"PYRO:thing@router.example:{natport or own_port}"
        assert daemon.nat_location == uri.location
        inside = daemon.uri_for("thing", nat=False)
        assert inside.location == daemon.location
        daemon.start()
        with Proxy(inside) as proxy:
            assert proxy.method(2) == 4


@pytest.mark.parametrize("host", ["0.0.0.0", ""])
def test_d7_a_daemon_on_all_interfaces_publishes_an_address_that_can_be_reached(host: str) -> None:
    with Daemon(host=host) as daemon:
        uri = daemon.register(Thing())
        assert uri.host not in ("0.0.0.0", "", "::")
        if interface_towards("192.0.2.1") is None:
            pytest.skip("this machine has no network, and its name may lead nowhere")
        daemon.start()
        with Proxy(uri) as proxy:
            assert proxy.method(1) == 2


def test_the_loop_goes_on_as_long_as_its_condition_holds(daemon: Daemon) -> None:
    served = 0

    def more() -> bool:
        return served < 2

    class Counting(Thing):
        def method(self, arg: int) -> int:
            nonlocal served
            served += 1
            return arg

    uri = daemon.register(Counting())

    def visit() -> None:
        for number in range(2):
            with Proxy(uri) as proxy:
                proxy.method(number)

    visitor = threading.Thread(target=visit)
    visitor.start()
    daemon.request_loop(more)
    visitor.join(PATIENCE_S)
    assert served == 2


@pytest.mark.parametrize("way", ["with", "close"])
def test_cleaning_up_ends_connections_and_frees_the_port(way: str) -> None:
    daemon = Daemon(LOOPBACK)
    uri = daemon.register(Thing())
    daemon.start()
    proxy = Proxy(uri)
    assert proxy.method(1) == 2
    if way == "with":
        with daemon:
            pass
    else:
        daemon.close()
    daemon.close()  # once more does no harm
    with proxy, pytest.raises(CommunicationError):
        proxy.method(1)
    with pytest.raises(PyroError, match="closed"):
        daemon.request_loop()
    with Daemon(LOOPBACK, port=uri.port) as successor:
        assert works(successor)


def test_every_daemon_is_an_object_itself_which_answers_and_lists(daemon: Daemon) -> None:
    daemon.register(Thing(), "thing")
    daemon.start()
    with Proxy(f"PYRO:{DAEMON_ID}@{daemon.location}") as of_daemon:
        assert of_daemon.ping() is None
        assert set(of_daemon.registered()) == {DAEMON_ID, "thing"}
        assert "2 objects" in of_daemon.info()


def test_so_is_that_of_a_name_server() -> None:
    with start_ns("127.0.0.1", 0) as nameserver:
        with Proxy(f"PYRO:{DAEMON_ID}@{nameserver.uri.location}") as of_daemon:
            of_daemon.ping()
            assert set(of_daemon.registered()) == {"Pyro.NameServer", DAEMON_ID}
        with locate_ns("127.0.0.1", nameserver.uri.port) as names:
            names.ping()
