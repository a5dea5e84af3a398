"""TLS by ``Pyro4.config``, and the certificates that programs look at."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import Pyro4
from Pyro4 import errors, socketutil
from pyro_core.testing.certificates import Authority, have_openssl

pytestmark = pytest.mark.skipif(not have_openssl(), reason="needs the openssl program, to make certificates")


class Thing:
    @Pyro4.expose
    def who(self) -> str:
        return name_in(Pyro4.current_context.client.getpeercert())


class CheckingDaemon(Pyro4.Daemon):
    def validateHandshake(self, conn: Any, data: Any) -> Any:
        name = name_in(conn.getpeercert())
        if name == "mallory":
            raise errors.CommunicationError("mallory is not welcome")
        return name


class CheckingProxy(Pyro4.Proxy):
    seen: tuple[str, Any] = ("", None)

    def _pyroValidateHandshake(self, response: Any) -> None:
        self.__dict__["seen"] = name_in(self._pyroConnection.getpeercert()), response


def name_in(certificate: Any) -> str:
    return dict(part[0] for part in certificate["subject"])["commonName"] if certificate else "nobody"


@contextmanager
def serving(servertype: str = "thread", **items: Any) -> Iterator[str]:
    """A daemon with these items of the configuration, which are gone afterwards; gives the address."""
    for name, value in {"SSL": True, "SERVERTYPE": servertype, **items}.items():
        setattr(Pyro4.config, name, value)
    with CheckingDaemon() as daemon:
        uri = str(daemon.register(Thing()))
        thread = threading.Thread(target=daemon.requestLoop, daemon=True)
        thread.start()
        Pyro4.config.reset(False)
        Pyro4.config.SSL = True
        try:
            yield uri
        finally:
            daemon.shutdown()
            thread.join(10)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> dict[str, Any]:
    certfile, keyfile = authority.issue("server", password="secret")
    return {"SSL_SERVERCERT": certfile, "SSL_SERVERKEY": keyfile, "SSL_SERVERKEYPASSWD": "secret"}


def be_client(authority: Authority, name: str) -> None:
    Pyro4.config.SSL_CACERTS = authority.certfile
    Pyro4.config.SSL_CLIENTCERT, Pyro4.config.SSL_CLIENTKEY = authority.issue(name)


@pytest.mark.parametrize("servertype", ["thread", "multiplex"])
def test_both_sides_see_certificates_in_the_handshake(
    authority: Authority, server: dict[str, Any], servertype: str
) -> None:
    demands = {"SSL_REQUIRECLIENTCERT": True, "SSL_CACERTS": authority.certfile}
    with serving(servertype, **server, **demands) as uri:
        be_client(authority, "alice")
        with CheckingProxy(uri) as proxy:
            assert proxy.who() == "alice"
            assert proxy.seen == ("server", "alice")
            assert name_in(proxy._pyroConnection.getpeercert()) == "server"
        be_client(authority, "mallory")
        with CheckingProxy(uri) as proxy, pytest.raises(errors.CommunicationError, match="not welcome"):
            proxy._pyroBind()
        Pyro4.config.SSL_CLIENTCERT = Pyro4.config.SSL_CLIENTKEY = ""
        with Pyro4.Proxy(uri) as proxy, pytest.raises(errors.CommunicationError, match="certificate"):
            proxy._pyroBind()


def test_a_proxy_may_refuse_a_certificate(
    authority: Authority, server: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(proxy: Any, response: Any) -> None:
        raise errors.SecurityError(f"{name_in(proxy._pyroConnection.getpeercert())} is not trusted")

    with serving(**server) as uri:
        Pyro4.config.SSL_CACERTS = authority.certfile
        with Pyro4.Proxy(uri) as proxy:
            assert proxy.who() == "nobody"
        monkeypatch.setattr(Pyro4.Proxy, "_pyroValidateHandshake", refuse)
        with Pyro4.Proxy(uri) as proxy:
            with pytest.raises(errors.SecurityError, match="server is not trusted"):
                proxy._pyroBind()
            assert proxy._pyroConnection is None


def test_certificates_that_have_expired_are_up_to_the_context(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certfile, keyfile = authority.issue("old", expired=True)
    with serving(SSL_SERVERCERT=certfile, SSL_SERVERKEY=keyfile) as uri:
        Pyro4.config.SSL_CACERTS = authority.certfile
        with Pyro4.Proxy(uri) as proxy:
            with pytest.raises(errors.CommunicationError, match="expired"):
                proxy._pyroBind()
            context = socketutil.getSSLcontext()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            assert proxy.who() == "nobody"


def test_programs_may_make_the_contexts(
    authority: Authority, server: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def own_context(servercert: str = "", cacerts: str = "", **more: str) -> ssl.SSLContext:
        asked.append((bool(servercert), sorted(more)))
        return original(servercert=servercert, cacerts=authority.certfile, **more)

    original = socketutil.getSSLcontext
    monkeypatch.setattr(socketutil, "getSSLcontext", own_context)
    with serving(**server) as uri, Pyro4.Proxy(uri) as proxy:
        assert proxy.who() == "nobody"
    assert asked == [
        (True, ["keypassword", "serverkey"]),
        (False, ["clientcert", "clientkey", "keypassword"]),
    ]


def test_files_that_are_missing(server: dict[str, Any]) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pem"), serving(SSL_SERVERCERT="nowhere.pem"):
        pass
    Pyro4.config.reset(False)
    with serving(**server) as uri:
        Pyro4.config.SSL_CACERTS = "nowhere.pem"
        with Pyro4.Proxy(uri) as proxy, pytest.raises(errors.CommunicationError, match=r"nowhere\.pem"):
            proxy._pyroBind()
