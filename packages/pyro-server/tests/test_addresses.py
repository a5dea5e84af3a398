import os
import socket
from pathlib import Path
from typing import Any

import pytest

from pyro_core.settings import ServerSettings
from pyro_server.addresses import bind


def bound(connected_socket: Any = None, **settings: Any) -> Any:
    listeners, addresses = bind(ServerSettings(**settings), connected_socket)
    for listener in listeners:
        listener.close()
    return addresses


def test_the_address_is_that_of_the_listening_socket() -> None:
    listeners, addresses = bind(ServerSettings(host="127.0.0.1"))
    with listeners[0] as listener:
        port = listener.getsockname()[1]
        assert str(addresses.uri("thing")) == f"PYRO:thing@127.0.0.1:{port}"
        assert addresses.location() == f"127.0.0.1:{port}"
        assert not addresses.has_nat


def test_listening_on_all_interfaces_publishes_one_that_can_be_reached() -> None:
    """D7"""
    assert bound(host="0.0.0.0").uri("thing").host != "0.0.0.0"


def test_the_published_address_may_be_another_one() -> None:
    addresses = bound(host="127.0.0.1", nathost="pyro.example", natport=5555)
    assert str(addresses.uri("thing")) == "PYRO:thing@pyro.example:5555"
    assert addresses.uri("thing", nat=False).host == "127.0.0.1"
    assert addresses.location(nat=True) == "pyro.example:5555"


def test_without_a_published_port_it_is_the_daemons_own() -> None:
    addresses = bound(host="127.0.0.1", nathost="pyro.example")
    assert addresses.uri("thing").port == addresses.uri("thing", nat=False).port


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")
def test_a_unix_socket_and_its_file(tmp_path: Path) -> None:
    path = str(tmp_path / "daemon.sock")
    listeners, addresses = bind(ServerSettings(unixsocket=path))
    assert str(addresses.uri("thing")) == f"PYRO:thing@./u:{path}"
    addresses.remove_socket_file()
    assert not os.path.exists(path)
    listeners[0].close()
    addresses.remove_socket_file()


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")
def test_a_socket_file_that_is_somebody_elses_by_now_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "daemon.sock"
    listeners, addresses = bind(ServerSettings(unixsocket=str(path)))
    listeners[0].close()
    path.rename(tmp_path / "kept so that its number is not used again")
    path.write_text("theirs")
    addresses.remove_socket_file()
    assert path.read_text() == "theirs"


def test_settings_that_contradict_each_other() -> None:
    with pytest.raises(ValueError, match="nathost cannot be used with a Unix socket"):
        bound(unixsocket="/tmp/never", nathost="pyro.example")
    with pytest.raises(ValueError, match="natport 5 needs nathost"):
        bound(natport=5)


def test_connected_sockets_have_the_address_they_have() -> None:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        assert bound(theirs).location() == "./u:<<not-bound>>"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), listener.accept()[0] as accepted:
            assert bound(accepted).location() == f"127.0.0.1:{port}"
