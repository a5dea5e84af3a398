import builtins
import contextlib
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyro_core.errors import CommunicationError, SettingsError, TimeoutError
from pyro_core.net import sockets
from pyro_core.uri import URI

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="an option of Linux")
UNIX = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")


@contextlib.contextmanager
def listening(*args: object, **options: object) -> Iterator[socket.socket]:
    (listener,) = sockets.listen(*args, **options)  # type: ignore[arg-type]
    with listener:
        yield listener


@contextlib.contextmanager
def connected(**options: object) -> Iterator[socket.socket]:
    with listening("127.0.0.1") as listener:
        uri = address("127.0.0.1", listener.getsockname()[1])
        with sockets.connect(uri, timeout_s=5, **options) as client:  # type: ignore[arg-type]
            yield client


def address(host: str, port: int) -> URI:
    return URI.for_location("object", host=host, port=port)


def option(sock: socket.socket, name: str) -> int:
    return sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))


@pytest.mark.parametrize("prefer_ip_version", [0, 4])
def test_a_client_reaches_a_listener(prefer_ip_version: int) -> None:
    with listening("127.0.0.1", prefer_ip_version=prefer_ip_version) as listener:
        uri = address("127.0.0.1", listener.getsockname()[1])
        with sockets.connect(uri, timeout_s=5, prefer_ip_version=prefer_ip_version) as client:
            served, _ = listener.accept()
            with served:
                client.sendall(b"hello")
                assert served.recv(5) == b"hello"
            assert client.gettimeout() is None
            assert option(client, "TCP_NODELAY")


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
@pytest.mark.parametrize("prefer_ip_version", [0, 6])
def test_ipv6_addresses_work(prefer_ip_version: int) -> None:
    try:
        listener = sockets.listen("::1", prefer_ip_version=prefer_ip_version)[0]
    except CommunicationError as problem:
        pytest.skip(f"no IPv6 on the loopback interface: {problem}")
    with listener:
        uri = address("::1", listener.getsockname()[1])
        with sockets.connect(uri, timeout_s=5, prefer_ip_version=prefer_ip_version) as client:
            assert sockets.address_text(client.getpeername()) == uri.location


def test_an_insisted_version_that_a_host_lacks_is_one_error() -> None:
    with pytest.raises(CommunicationError, match="cannot connect to 127"):
        sockets.connect(address("127.0.0.1", 1), prefer_ip_version=6)
    with pytest.raises(CommunicationError, match="cannot listen on 127"):
        sockets.listen("127.0.0.1", prefer_ip_version=6)


def test_small_messages_may_wait_if_asked_to() -> None:
    with connected(nodelay=False) as client:
        assert not option(client, "TCP_NODELAY")


@LINUX
def test_a_dead_peer_is_noticed_within_a_minute() -> None:
    with connected() as client:
        assert client.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        idle, interval, probes = (
            option(client, name) for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")
        )
        assert idle == 30
        assert idle + interval * probes <= 60
        assert option(client, "TCP_USER_TIMEOUT") <= 60_000
        sockets.set_keepalive(client, 0.2)
        assert option(client, "TCP_KEEPIDLE") == 1


@UNIX
def test_sockets_without_tcp_need_no_probes() -> None:
    one, other = socket.socketpair()
    with one, other:
        sockets.set_keepalive(one, 30)
        assert not one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_a_refused_connection_names_the_peer_and_is_safe_to_repeat() -> None:
    with socket.socket() as bound:  # bound and not listening: nobody else gets the port
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(CommunicationError, match=f"127.0.0.1:{port}: .*refused; is the server") as caught:
            sockets.connect(address("127.0.0.1", port), timeout_s=5)
    assert caught.value.peer == f"127.0.0.1:{port}"
    assert caught.value.retry_safe


@pytest.mark.parametrize("host", ["host..name", "x" * 70, "unknown.invalid"])
def test_an_unknown_host_is_one_error(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    if host.endswith(".invalid"):  # do not ask a real resolver

        def lookup(*_: object) -> list[object]:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with pytest.raises(CommunicationError, match="cannot connect to") as caught:
        sockets.connect(address(host, 1), timeout_s=5)
    assert caught.value.peer == f"{host}:1"
    assert caught.value.retry_safe


def test_a_host_that_says_nothing_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """All addresses of a host share one deadline."""
    limits = []

    class Silent(socket.socket):
        def connect(self, _address: object) -> None:
            limits.append(self.gettimeout())
            clock.now += 2.0
            raise builtins.TimeoutError

    class Clock:
        now = 100.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(sockets, "time", clock)
    monkeypatch.setattr(socket, "socket", Silent)
    infos = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (f"127.0.0.{n}", 1)) for n in (1, 2)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: infos)
    with pytest.raises(TimeoutError, match=r"silent\.test:1: no answer within 3 seconds") as caught:
        sockets.connect(address("silent.test", 1), timeout_s=3.0)
    assert limits == [3.0, 1.0]
    assert caught.value.retry_safe


def test_an_address_in_use_says_so() -> None:
    with listening("127.0.0.1") as listener:
        port = listener.getsockname()[1]
        with pytest.raises(CommunicationError, match=f"cannot listen on 127.0.0.1:{port}: .*another process"):
            sockets.listen("127.0.0.1", port)


def test_a_port_can_be_taken_again_at_once() -> None:
    with listening("127.0.0.1") as listener:
        port = listener.getsockname()[1]
        client = sockets.connect(address("127.0.0.1", port))
        served, _ = listener.accept()
        served.close()  # the server's side closes first, and its port lingers in the kernel
        client.close()
    with listening("127.0.0.1", port) as again:
        assert again.getsockname()[1] == port


@UNIX
def test_unix_sockets_connect(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    uri = URI(f"PYRO:o@./u:{path}")
    with listening(unixsocket=path) as listener, sockets.connect(uri, timeout_s=5) as client:
        served, peer = listener.accept()
        served.close()
        assert client.recv(1) == b""
        assert client.gettimeout() is None
        assert sockets.address_text(client.getpeername()) == f"./u:{path}"
        assert sockets.address_text(peer) == "unix socket"


@LINUX
@pytest.mark.parametrize("mark", ["@", "\0"])
def test_abstract_unix_sockets_connect(mark: str) -> None:
    name = f"{mark}pyro-test-{os.getpid()}-{id(object())}"
    with listening(unixsocket=name):
        with sockets.connect(URI.for_location("o", sockname=name)) as client:
            assert sockets.address_text(client.getpeername()) == f"./u:@{name[1:]}"
        with pytest.raises(CommunicationError, match="another process listens"):
            sockets.listen(unixsocket=name)


@UNIX
def test_the_file_of_a_dead_server_is_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with listening(unixsocket=path):
        pass
    assert os.path.exists(path)
    with pytest.raises(CommunicationError, match="refused") as caught:
        sockets.connect(URI(f"PYRO:o@./u:{path}"))
    assert caught.value.retry_safe
    with listening(unixsocket=path):
        sockets.connect(URI(f"PYRO:o@./u:{path}")).close()


@UNIX
def test_the_file_of_a_live_server_is_left_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with listening(unixsocket=path):
        with pytest.raises(CommunicationError, match="another process listens there"):
            sockets.listen(unixsocket=path)
        sockets.connect(URI(f"PYRO:o@./u:{path}")).close()


@UNIX
def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(CommunicationError, match="cannot listen"):
        sockets.listen(unixsocket=str(path))
    assert path.read_text() == "data"
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(CommunicationError, match="cannot listen"):
        sockets.listen(unixsocket=str(link))
    assert link.is_symlink()


@UNIX
def test_a_socket_path_that_cannot_be_is_one_error(tmp_path: Path) -> None:
    for path in (str(tmp_path / "missing" / "s"), "/" + "x" * 200):
        with pytest.raises(CommunicationError, match="cannot listen"):
            sockets.listen(unixsocket=path)
        with pytest.raises(CommunicationError, match="cannot connect"):
            sockets.connect(URI.for_location("o", sockname=path))


@LINUX
def test_the_kernel_bounds_a_receive() -> None:
    one, other = socket.socketpair()
    with one, other:
        sockets.set_receive_timeout(one, 0.02)
        started = time.monotonic()
        with pytest.raises(BlockingIOError):
            one.recv(1)
        assert time.monotonic() - started < 5
        sockets.set_receive_timeout(one, 0.0000001)  # rounds up: zero would wait for ever
        with pytest.raises(BlockingIOError):
            one.recv(1)
        sockets.set_receive_timeout(one, None)
        answer = threading.Timer(0.03, other.send, [b"x"])
        answer.start()
        assert one.recv(1) == b"x"
        answer.join()


@LINUX
def test_the_kernel_bounds_a_send() -> None:
    one, other = socket.socketpair()
    with one, other:
        sockets.set_send_timeout(one, 0.02)
        with pytest.raises(BlockingIOError):
            while True:
                one.sendall(bytes(1 << 20))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (("127.0.0.1", 80), "127.0.0.1:80"),
        (("::1", 80, 0, 0), "[::1]:80"),
        ("/run/s", "./u:/run/s"),
        (b"\0name", "./u:@name"),
        (("::ffff:10.0.0.1", 80, 0, 0), "10.0.0.1:80"),
        (("::ffff:1:2", 80, 0, 0), "[::ffff:1:2]:80"),
        ("", "unix socket"),
    ],
)
def test_addresses_are_written_as_in_uris(raw: object, text: str) -> None:
    assert sockets.address_text(raw) == text


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("h", False),
    ],
)
def test_loopback_is_told_from_the_rest(host: str, loopback: bool) -> None:
    assert sockets.is_loopback(host) is loopback


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::"])
def test_all_interfaces_are_published_as_one_that_can_be_reached(host: str) -> None:
    family = socket.AF_INET6 if host == "::" else socket.AF_INET
    assert sockets.published_host(host, family) not in ("", "0.0.0.0", "::")
    assert sockets.published_host("127.0.0.1") == "127.0.0.1"


def test_where_both_kinds_of_addresses_are_served_ipv4_is_published_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ways: dict[str, str | None] = {"192.0.2.1": "192.168.1.2", "2001:db8::1": "fd00::2"}
    monkeypatch.setattr(sockets, "interface_towards", ways.get)
    assert sockets.published_host("", socket.AF_INET6, dual_stack=True) == "192.168.1.2"
    assert sockets.published_host("::", socket.AF_INET6, dual_stack=True) == "fd00::2"
    ways["2001:db8::1"] = None
    assert sockets.published_host("::", socket.AF_INET6, dual_stack=True) == "192.168.1.2"
    ways |= {"192.0.2.1": None, "2001:db8::1": "fd00::2"}
    assert sockets.published_host("", socket.AF_INET6, dual_stack=True) == "fd00::2"


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
@pytest.mark.parametrize("host", ["", "::"])
def test_all_interfaces_means_both_kinds_of_addresses(host: str) -> None:
    with listening(host) as listener:
        assert sockets.is_dual_stack(listener)
        port = listener.getsockname()[1]
        for local in ("127.0.0.1", "::1"):
            with sockets.connect(address(local, port), timeout_s=5) as client:
                served, peer = listener.accept()
                served.close()
                assert sockets.address_text(peer) == sockets.address_text(client.getsockname())


@pytest.mark.parametrize(("version", "family"), [(4, socket.AF_INET), (6, socket.AF_INET6)])
def test_all_interfaces_of_one_kind_if_asked_for(version: int, family: int) -> None:
    if version == 6 and not socket.has_dualstack_ipv6():
        pytest.skip("needs IPv6")
    with listening("", prefer_ip_version=version) as listener:
        assert listener.family == family
        assert not sockets.is_dual_stack(listener)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
def test_localhost_is_every_address_of_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(host: str, port: int, *_: object) -> list[object]:
        assert host == "localhost"
        kind = socket.SOCK_STREAM
        return [
            (socket.AF_INET6, kind, 6, "", ("::1", port, 0, 0)),
            (socket.AF_INET, kind, 6, "", ("127.0.0.1", port)),
            (socket.AF_INET, kind, 6, "", ("127.0.0.1", port)),
            (socket.AF_INET, kind, 6, "", ("192.0.2.7", port)),  # not of this machine
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    listeners = sockets.listen("localhost")
    try:
        hosts, ports = zip(*[listener.getsockname()[:2] for listener in listeners], strict=True)
        assert hosts == ("127.0.0.1", "::1")
        assert len(set(ports)) == 1
    finally:
        for listener in listeners:
            listener.close()


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
def test_a_port_of_localhost_that_is_taken_on_one_address_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = socket.SOCK_STREAM

    def both(host: str, port: int, *_: object) -> list[object]:
        return [
            (socket.AF_INET, kind, 6, "", ("127.0.0.1", port)),
            (socket.AF_INET6, kind, 6, "", ("::1", port, 0, 0)),
        ]

    with socket.create_server(("::1", 0), family=socket.AF_INET6) as squatter:
        monkeypatch.setattr(socket, "getaddrinfo", both)
        with pytest.raises(CommunicationError, match="another process listens there"):
            sockets.listen("localhost", squatter.getsockname()[1])


def test_the_host_name_is_published_where_no_interface_leads_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "interface_towards", lambda _: None)
    monkeypatch.setattr(socket, "gethostname", lambda: "this-machine")
    assert sockets.published_host("0.0.0.0") == "this-machine"


def test_the_interface_that_faces_a_peer() -> None:
    assert sockets.interface_towards("127.0.0.1") == "127.0.0.1"
    assert sockets.interface_towards("::2:not an address") is None


@pytest.mark.parametrize("seconds", [0.9999999, 1.9999996, 3600.5, 1e30, -1.0])
@LINUX
def test_every_bound_is_one_that_the_kernel_takes(seconds: float) -> None:
    one, other = socket.socketpair()
    with one, other:
        sockets.set_receive_timeout(one, seconds)
        whole, micros = struct.unpack("@ll", one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, 16))
        assert whole + micros / 1_000_000 == pytest.approx(min(max(seconds, 0), 1_000_000), abs=0.01)
        assert whole + micros > 0


def test_probes_can_be_turned_off_and_wait_as_long_as_the_kernel_lets_them() -> None:
    with connected() as client:
        sockets.set_keepalive(client, 100_000)
        assert option(client, "TCP_KEEPIDLE") == 32767
        sockets.set_keepalive(client, 0)
        assert not client.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


@pytest.mark.parametrize("host", ["127.evil.example", "127.0.0", "127.", "1270.0.0.1"])
def test_a_name_that_only_looks_like_loopback_is_not(host: str) -> None:
    assert not sockets.is_loopback(host)


def test_an_ip_version_that_does_not_exist_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="must be 4, 6 or 0, got 5"):
        sockets.connect(address("127.0.0.1", 1), prefer_ip_version=5)
    with pytest.raises(SettingsError, match="must be 4, 6 or 0, got 5"):
        sockets.listen(prefer_ip_version=5)


@pytest.mark.parametrize(
    ("host", "port"), [("127.0.0.1", 65536), ("127.0.0.1", -1), ("x" * 70, 0), ("a\0b", 0)]
)
def test_an_address_that_cannot_be_listened_on_is_one_error(host: str, port: int) -> None:
    with pytest.raises(CommunicationError, match="cannot listen on"):
        sockets.listen(host, port)


@UNIX
def test_a_path_with_a_nul_inside_is_one_error(tmp_path: Path) -> None:
    path = f"{tmp_path}/a\0b"
    with pytest.raises(CommunicationError, match="cannot listen on"):
        sockets.listen(unixsocket=path)
    with pytest.raises(CommunicationError, match="cannot connect to"):
        sockets.connect(URI.for_location("o", sockname=path))


def test_a_socket_that_cannot_be_set_up_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_sock: socket.socket, _idle_s: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sockets, "_set_tcp_keepalive", refuse)
    (listener,) = sockets.listen("127.0.0.1")
    with (
        listener,
        pytest.raises(KeyboardInterrupt),
    ):  # a socket left open would be a ResourceWarning, so an error
        sockets.connect(address(*listener.getsockname()))
