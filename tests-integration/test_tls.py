"""TLS between our own peers: every kind of server with every kind of client."""

import asyncio
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tls_pairs import FACES, PLACES, SERVER_TYPES, Thing, serving, settings, talk

from pyro_client import AsyncProxy, Proxy, locate_ns
from pyro_core import (
    TLS,
    ClientSettings,
    CommunicationError,
    Listen,
    PyroError,
    ServerSettings,
    SettingsError,
    TimeoutError,
    Timeouts,
)
from pyro_core.net.tls import TlsSocket
from pyro_core.net.tls_contexts import client_context, server_context
from pyro_core.testing.certificates import Authority, have_openssl
from pyro_nameserver import start_ns
from pyro_server import Daemon

pytestmark = pytest.mark.skipif(not have_openssl(), reason="needs the openssl program, to make certificates")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> TLS:
    return authority.server()


@pytest.fixture(scope="module")
def client(authority: Authority) -> TLS:
    return authority.client()


@pytest.fixture(scope="module")
def strict(authority: Authority) -> TLS:
    return authority.server("strict", require_client_cert=True, cafile=authority.certfile)


everywhere = pytest.mark.parametrize("place", PLACES)
all_servers = pytest.mark.parametrize("servertype", SERVER_TYPES)
all_clients = pytest.mark.parametrize("face", FACES)


@everywhere
@all_servers
@all_clients
def test_calls_travel_encrypted(
    server: TLS, client: TLS, tmp_path: Path, place: str, servertype: str, face: str
) -> None:
    with serving(server, place, servertype, folder=tmp_path) as daemon:
        uri = daemon.uri_for("thing")
        large = b"x" * 3_000_000
        assert talk(
            face,
            uri,
            client,
            lambda proxy: proxy.echo("hello"),
            lambda proxy: proxy.echo(large),
            lambda proxy: proxy.note(),
            lambda proxy: proxy.caller(),
        ) == ["hello", large, None, None]
        assert daemon.objects["thing"].noted.wait(10)


@all_servers
def test_item_streams_travel_encrypted(server: TLS, client: TLS, tmp_path: Path, servertype: str) -> None:
    with (
        serving(server, "tcp", servertype, folder=tmp_path) as daemon,
        Proxy(daemon.uri_for("thing"), settings=settings(client)) as proxy,
    ):
        assert list(proxy.count(500)) == list(range(500))


@all_servers
def test_several_threads_share_a_proxy(server: TLS, client: TLS, tmp_path: Path, servertype: str) -> None:
    with (
        serving(server, "tcp", servertype, folder=tmp_path) as daemon,
        Proxy(daemon.uri_for("thing"), settings=settings(client)) as proxy,
    ):
        failures: list[Any] = []

        def work(number: int) -> None:
            for size in (10, 300_000, 20):
                value = bytes([number]) * size
                if proxy.echo(value) != value:
                    failures.append((number, size))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert not failures
        assert not any(thread.is_alive() for thread in threads)


@all_clients
def test_a_deadline_holds_for_encrypted_calls(server: TLS, client: TLS, tmp_path: Path, face: str) -> None:
    with serving(server, folder=tmp_path) as daemon:
        uri = daemon.uri_for("thing")
        hasty = ClientSettings(tls=client, timeouts=Timeouts(call_s=0.3))
        try:
            if face == "sync":
                with Proxy(uri, settings=hasty) as proxy:
                    assert proxy.echo(1) == 1
                    with pytest.raises(TimeoutError):
                        proxy.linger()
                    assert proxy.echo(2) == 2
                return

            async def call() -> None:
                async with AsyncProxy(uri, settings=hasty) as proxy:
                    with pytest.raises(TimeoutError):
                        await proxy.linger()
                    assert await proxy.echo(2) == 2

            asyncio.run(call())
        finally:
            daemon.objects["thing"].noted.set()


@all_clients
@all_servers
def test_a_method_knows_the_certificate_of_its_caller(
    authority: Authority, strict: TLS, tmp_path: Path, servertype: str, face: str
) -> None:
    with serving(strict, "tcp", servertype, folder=tmp_path) as daemon:
        uri = daemon.uri_for("thing")
        assert talk(face, uri, authority.client("alice"), lambda proxy: proxy.caller()) == ["alice"]


@all_clients
@all_servers
def test_a_client_without_a_certificate_is_turned_away_and_told_why(
    strict: TLS, client: TLS, tmp_path: Path, servertype: str, face: str
) -> None:
    with serving(strict, "tcp", servertype, folder=tmp_path) as daemon:
        with pytest.raises(CommunicationError, match=r"wants? a certificate") as caught:
            talk(face, daemon.uri_for("thing"), client, lambda proxy: proxy.echo(1))
        assert caught.value.retry_safe


@all_clients
def test_a_server_of_an_unknown_authority_is_refused(server: TLS, tmp_path: Path, face: str) -> None:
    other = Authority(tmp_path, "other")
    with serving(server, folder=tmp_path) as daemon:
        with pytest.raises(CommunicationError, match="certificate verify failed"):
            talk(face, daemon.uri_for("thing"), other.client(), lambda proxy: proxy.echo(1))
        with pytest.raises(CommunicationError, match="certificate verify failed"):
            talk(face, daemon.uri_for("thing"), TLS(), lambda proxy: proxy.echo(1))


@all_clients
def test_a_server_of_another_name_is_refused(authority: Authority, tmp_path: Path, face: str) -> None:
    certfile, keyfile = authority.issue("elsewhere", ["DNS:elsewhere.example"])
    with serving(TLS(certfile=certfile, keyfile=keyfile), folder=tmp_path) as daemon:
        uri = daemon.uri_for("thing")
        with pytest.raises(CommunicationError, match="IP address mismatch"):
            talk(face, uri, authority.client(), lambda proxy: proxy.echo(1))
        for tls in (
            authority.client(server_hostname="elsewhere.example"),
            authority.client(check_hostname=False),
        ):
            assert talk(face, uri, tls, lambda proxy: proxy.echo(1)) == [1]


@all_clients
def test_on_a_unix_socket_a_name_is_checked_if_given(
    server: TLS, authority: Authority, tmp_path: Path, face: str
) -> None:
    with serving(server, "unix", folder=tmp_path) as daemon:
        uri = daemon.uri_for("thing")
        named = authority.client(server_hostname="localhost")
        assert talk(face, uri, named, lambda proxy: proxy.echo(1)) == [1]
        with pytest.raises(CommunicationError, match="not valid for 'other'"):
            talk(face, uri, authority.client(server_hostname="other"), lambda proxy: proxy.echo(1))
        own = ssl.create_default_context(cafile=authority.certfile)
        with pytest.raises(SettingsError, match=r"give TLS\(server_hostname"):
            talk(face, uri, TLS(context=own), lambda proxy: proxy.echo(1))


@all_clients
@all_servers
def test_a_plain_client_of_a_tls_server_is_told_what_may_be_wrong(
    server: TLS, tmp_path: Path, servertype: str, face: str
) -> None:
    with (
        serving(server, "tcp", servertype, folder=tmp_path) as daemon,
        pytest.raises(PyroError, match=r"expect TLS|TLS alert"),
    ):
        talk(face, daemon.uri_for("thing"), None, lambda proxy: proxy.echo(1))


@all_clients
@all_servers
def test_a_tls_client_of_a_plain_server_says_so(
    client: TLS, tmp_path: Path, servertype: str, face: str
) -> None:
    with (
        serving(None, "tcp", servertype, folder=tmp_path) as daemon,
        pytest.raises(CommunicationError, match="speak TLS"),
    ):
        talk(face, daemon.uri_for("thing"), client, lambda proxy: proxy.echo(1))


@all_servers
def test_peers_that_are_silent_in_the_tls_handshake_disturb_nobody_and_have_a_deadline(
    server: TLS, client: TLS, tmp_path: Path, servertype: str
) -> None:
    """A3"""
    impatient = ServerSettings(timeouts=Timeouts(handshake_s=1.0))
    with serving(server, "tcp", servertype, folder=tmp_path, settings=impatient) as daemon:
        uri = daemon.uri_for("thing")
        assert uri.host
        silent = [socket.create_connection((uri.host, uri.port)) for _ in range(30)]
        for sock in silent[:10]:
            sock.send(b"\x16\x03\x01\x02\x00\x01")  # the beginning of a hello
        assert talk("sync", uri, client, lambda proxy: proxy.echo(1)) == [1]
        for sock in silent:
            with sock:
                sock.settimeout(20)
                while True:
                    try:
                        if not sock.recv(1000):
                            break
                    except ConnectionResetError:
                        break


@all_clients
def test_a_server_that_is_silent_in_the_tls_handshake_is_given_up(client: TLS, face: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        uri = f"PYRO:thing@127.0.0.1:{listener.getsockname()[1]}"
        quick = ClientSettings(tls=client, timeouts=Timeouts(connect_s=0.2))
        if face == "sync":
            with pytest.raises(TimeoutError, match="TLS"), Proxy(uri, settings=quick) as proxy:
                proxy.echo(1)
        else:

            async def call() -> None:
                async with AsyncProxy(uri, settings=quick) as proxy:
                    await proxy.echo(1)

            with pytest.raises(CommunicationError):
                asyncio.run(call())


@all_servers
def test_new_certificates_need_no_restart(tmp_path: Path, servertype: str) -> None:
    """D6"""
    authority = Authority(tmp_path)
    tls = authority.server("renewed")
    with serving(tls, "tcp", servertype, folder=tmp_path) as daemon:
        uri = daemon.uri_for("thing")
        client = authority.client()
        with Proxy(uri, settings=settings(client)) as before:
            first = certificate(before)
            authority.server("renewed")
            daemon.reload_tls()
            with Proxy(uri, settings=settings(client)) as after:
                assert certificate(after) != first
            assert certificate(before) == first
            assert before.echo(1) == 1


def certificate(proxy: Proxy) -> Any:
    proxy.echo(1)
    connection = proxy._pyro._channel.connection
    assert connection is not None
    return connection.link.sock.getpeercert()["serialNumber"]


def test_files_that_cannot_be_used_are_one_error_at_the_start(server: TLS, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        Daemon(tls=TLS(certfile="/nowhere.pem"))
    with pytest.raises(SettingsError, match="needs a certificate"):
        Daemon(tls=TLS())
    with serving(server, folder=tmp_path) as daemon, pytest.raises(SettingsError, match="cannot be read"):
        talk("sync", daemon.uri_for("thing"), TLS(cafile="/nowhere.pem"), lambda proxy: proxy.echo(1))


def test_a_ready_context_can_be_given(authority: Authority, server: TLS, tmp_path: Path) -> None:
    there = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    assert server.certfile
    there.load_cert_chain(server.certfile, server.keyfile)
    here = ssl.create_default_context(cafile=authority.certfile)
    here.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    with serving(TLS(context=there), folder=tmp_path) as daemon:
        uri = daemon.uri_for("thing")
        assert talk("sync", uri, TLS(context=here), lambda proxy: proxy.echo(1)) == [1]


@all_servers
def test_each_place_of_a_daemon_has_its_own_way(
    server: TLS, client: TLS, tmp_path: Path, servertype: str
) -> None:
    places = [
        Listen(host="127.0.0.1"),
        Listen(unixsocket=str(tmp_path / "plain"), tls=False),
        Listen(unixsocket=str(tmp_path / "secret")),
    ]
    with Daemon(tls=server, listen=places, servertype=servertype) as daemon:
        uri = daemon.register(Thing(), "thing")
        assert daemon.listen("127.0.0.1", tls=False) == daemon.uris_for("thing")[3].location
        uris = daemon.uris_for("thing")
        assert uri == uris[0] == daemon.uri_for("thing")
        daemon.start()
        for number, tls in enumerate([client, None, client, None]):
            assert talk("sync", uris[number], tls, lambda proxy: proxy.echo("x")) == ["x"]
    assert not list(tmp_path.iterdir())


def test_a_transport_that_knows_nothing_of_tls_serves_nothing_in_the_clear(
    server: TLS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyro_server.host import DaemonHost

    with serving(server, folder=tmp_path) as daemon:
        monkeypatch.setattr(DaemonHost, "wrap", lambda host, sock, listener: sock)
        with pytest.raises(CommunicationError):
            talk("sync", daemon.uri_for("thing"), None, lambda proxy: proxy.echo(1))


def test_connected_sockets_may_speak_tls(server: TLS, client: TLS) -> None:
    mine, theirs = socket.socketpair()
    here = TlsSocket(mine, client_context(client), server_side=False, server_hostname="localhost")
    there = TlsSocket(theirs, server_context(server), server_side=True)
    with here, Daemon(connected_socket=there) as daemon:
        daemon.register(Thing(), "thing")
        daemon.start()
        with Proxy("thing", connected_socket=here, settings=settings(None)) as proxy:  # type: ignore[arg-type]
            large = b"x" * 1_000_000
            assert proxy.echo(large) == large
            assert proxy.caller() is None


@all_clients
def test_a_name_server_speaks_tls_too(server: TLS, client: TLS, tmp_path: Path, face: str) -> None:
    ours = ServerSettings(tls=server)
    with (
        start_ns("127.0.0.1", 0, broadcast=False, server_settings=ours) as nameserver,
        serving(server, folder=tmp_path) as daemon,
    ):
        where = f"127.0.0.1:{nameserver.uri.port}"
        with locate_ns("127.0.0.1", nameserver.uri.port, settings=settings(client)) as proxy:
            proxy.register("the.thing", str(daemon.uri_for("thing")))
        assert talk(face, f"PYRONAME:the.thing@{where}", client, lambda proxy: proxy.echo(1)) == [1]


@all_clients
@pytest.mark.parametrize("abstract", [False, True])
@pytest.mark.parametrize("secured", [False, True])
def test_a_name_server_on_a_unix_socket_is_found(
    server: TLS, client: TLS, tmp_path: Path, face: str, abstract: bool, secured: bool
) -> None:
    """E7"""
    if abstract and sys.platform != "linux":
        pytest.skip("only Linux has abstract sockets")
    path = f"@pyro-test-{tmp_path.name}-{id(tmp_path)}" if abstract else str(tmp_path / "names")
    there, here = (server, client) if secured else (None, None)
    ours = ServerSettings(tls=there)
    with (
        start_ns(unixsocket=path, broadcast=False, server_settings=ours),
        serving(there, folder=tmp_path) as daemon,
    ):
        with locate_ns(f"./u:{path}", settings=settings(here)) as proxy:
            proxy.register("the.thing", str(daemon.uri_for("thing")))
        assert talk(face, f"PYRONAME:the.thing@./u:{path}", here, lambda proxy: proxy.echo(1)) == [1]


def test_a_program_without_tls_does_not_load_it() -> None:
    program = (
        "import sys, pyro_client, pyro_server\n"
        "from pyro_server import Daemon, expose\n"
        "@expose\n"
        "class T:\n"
        "    def f(self): return 1\n"
        "with Daemon() as daemon:\n"
        "    uri = daemon.register(T())\n"
        "    daemon.start()\n"
        "    with pyro_client.Proxy(uri) as proxy: assert proxy.f() == 1\n"
        "print('pyro_core.net.tls' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "False"
