"""What a service manager is told, and what is taken from it."""

import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyro_core.errors import SettingsError
from pyro_nameserver.service_manager import ServiceManager

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(20)
        sock.bind(path)
        yield sock, path


def test_it_is_told_what_happens(place: tuple[socket.socket, str]) -> None:
    sock, path = place
    manager = ServiceManager({"NOTIFY_SOCKET": path})
    manager.notify("READY=1", "STATUS=serving")
    assert sock.recv(100) == b"READY=1\nSTATUS=serving"
    manager.notify_reloading()
    assert sock.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")


@pytest.mark.skipif(
    os.name != "posix" or not Path("/proc/self").exists(), reason="abstract sockets are Linux's"
)
def test_its_socket_may_be_an_abstract_one() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(20)
        sock.bind("")  # the system makes up a name
        name = os.fsdecode(sock.getsockname())
        ServiceManager({"NOTIFY_SOCKET": f"@{name[1:]}"}).notify("READY=1")
        assert sock.recv(100) == b"READY=1"


def test_a_failing_notification_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).notify("READY=1")
    assert "cannot notify the service manager" in caplog.text


def test_without_one_nothing_happens(caplog: pytest.LogCaptureFixture) -> None:
    manager = ServiceManager({})
    with caplog.at_level(logging.DEBUG):
        manager.notify("READY=1")
    assert (manager.watchdog_s, manager.sockets(), caplog.text) == (None, [], "")


@pytest.mark.parametrize(
    ("pid", "seconds"),
    [(str(os.getpid()), 30.0), (None, 30.0), (str(os.getpid() + 1), None)],
    ids=["this", "any", "another"],
)
def test_signs_of_life_are_wanted_of_one_process(pid: str | None, seconds: float | None) -> None:
    environ = {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "30000000"} | ({"WATCHDOG_PID": pid} if pid else {})
    assert ServiceManager(environ).watchdog_s == seconds


def test_a_number_that_is_none_is_told() -> None:
    with pytest.raises(SettingsError, match="LISTEN_FDS='many' cannot be used"):
        ServiceManager({"LISTEN_FDS": "many", "LISTEN_PID": str(os.getpid())})


def test_its_listening_sockets_are_taken_and_not_passed_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        fd = os.dup(listener.fileno())
        os.set_inheritable(fd, True)
        environ = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
        (sock,) = ServiceManager(environ, first_fd=fd).sockets()
        with sock:
            assert sock.getsockname() == listener.getsockname()
            assert not sock.get_inheritable()


def test_sockets_of_another_process_are_left_alone() -> None:
    assert ServiceManager({"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid() + 1)}).sockets() == []


def test_a_socket_of_another_kind_is_refused() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        manager = ServiceManager(
            {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}, first_fd=os.dup(sock.fileno())
        )
        with pytest.raises(SettingsError, match="no listening stream socket"):
            manager.sockets()
