"""S1: identities and permissions, over real sockets, with every server type and with stock clients."""

import asyncio
import contextlib
import json
import logging
import os
import pwd
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import processes
import pytest
from stock_env import stock_python

from pyro_client import AsyncProxy, Proxy
from pyro_core import (
    TLS,
    Blob,
    ClientSettings,
    ConnectionRejected,
    SecurityError,
    ServerSettings,
    current_call,
)
from pyro_core.testing.certificates import Authority, have_openssl
from pyro_flame import Policy
from pyro_flame import connect as flame_connect
from pyro_flame import start as flame_start
from pyro_nameserver import start_ns
from pyro_server import (
    AllowMethods,
    Anonymous,
    ClientCertificates,
    Daemon,
    HandshakeHook,
    Tokens,
    UnixPeers,
    expose,
    oneway,
)

SERVER_TYPES = pytest.mark.parametrize("servertype", ["threaded", "multiplex", "asyncio"])
TABLE = AllowMethods({"anna": {"thing": ["who", "count", "take", "price"]}, "ben": {"thing": ["*"]}})


@expose
class Thing:
    def __init__(self) -> None:
        self.done: list[str] = []

    def who(self) -> list[str]:
        principal = current_call().principal
        return [principal.name, principal.proof]

    async def who_later(self) -> str:
        return current_call().principal.name

    def count(self, number: int) -> Iterator[int]:
        yield from range(number)

    def close(self) -> None:
        self.done.append("close")

    @oneway
    def ring(self) -> None:
        self.done.append("ring")

    def take(self, blob: Any) -> Any:
        return blob.deserialized()

    def drop(self, blob: Any) -> None:
        self.done.append("drop")

    @property
    def price(self) -> int:
        return 5

    @price.setter
    def price(self, value: int) -> None:
        self.done.append("price")


@contextlib.contextmanager
def serving(**more: Any) -> Iterator[Daemon]:
    place = {} if "unixsocket" in more else {"host": "127.0.0.1"}
    with Daemon(**place, **more) as daemon:
        daemon.register(Thing(), "thing")
        yield daemon.start()


@contextlib.contextmanager
def guarded(**more: Any) -> Iterator[Daemon]:
    with serving(authenticate=[Tokens({"anna": "a", "ben": "b"})], authorize=TABLE, **more) as daemon:
        yield daemon


def known(daemon: Daemon, token: str | None, **more: Any) -> Any:
    proxy = Proxy(daemon.uri_for("thing"), **more)
    proxy._pyro.token = token
    return proxy


@SERVER_TYPES
@pytest.mark.parametrize("serializer", ["serpent", "msgpack"])
def test_a_token_says_who_calls_and_that_decides_what_may_be_called(servertype: str, serializer: str) -> None:
    with guarded(servertype=servertype) as daemon:
        thing = daemon.objects["thing"]
        settings = ClientSettings(serializer=serializer)
        with known(daemon, "a", settings=settings) as anna, known(daemon, "b", settings=settings) as ben:
            assert anna.who() == ["anna", "token"]
            assert list(anna.count(3)) == [0, 1, 2]
            assert anna.price == 5
            assert anna.take(Blob("x", [1])) == [1]
            for denied in (
                anna.close,
                anna.who_later,
                lambda: setattr(anna, "price", 1),
                lambda: anna.drop(Blob("x", [1])),
                lambda: batched(anna, "who", "close"),
            ):
                with pytest.raises(
                    SecurityError, match=r"not authorized: anna \(token\) may not .* of 'thing'"
                ):
                    denied()
            anna.ring()
            connection = anna._pyro.connection
            assert anna.who() == ["anna", "token"]
            assert anna._pyro.connection is connection  # it has survived all of that
            assert thing.done == []
            assert ben.who_later() == "ben"
            assert batched(ben, "who", "close") == [["ben", "token"], None]
            assert thing.done == ["close"]


def batched(proxy: Any, *names: str) -> list[Any]:
    batch = proxy._pyro.batch()
    for name in names:
        getattr(batch, name)()
    return list(batch())


@SERVER_TYPES
def test_whom_nobody_knows_is_turned_away(servertype: str) -> None:
    with guarded(servertype=servertype) as daemon:
        for token, reason in ((None, "lets in only whom it knows"), ("wrong-one", "does not know the token")):
            with known(daemon, token) as proxy, pytest.raises(ConnectionRejected, match=reason) as caught:
                proxy.who()
            assert "wrong-one" not in str(caught.value)


def test_asyncio_proxies_say_it_too() -> None:
    async def call(uri: Any) -> list[str]:
        async with AsyncProxy(uri) as proxy:
            proxy._pyro.token = "a"
            return await proxy.who()  # type: ignore[no-any-return]

    with guarded(servertype="asyncio") as daemon:
        assert asyncio.run(call(daemon.uri_for("thing"))) == ["anna", "token"]


def test_the_setting_is_said_to_addresses_of_the_programs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYRO_TOKEN", "a")
    with guarded() as daemon, Proxy(daemon.uri_for("thing")) as proxy:
        assert proxy.who() == ["anna", "token"]


@expose
class Guide:
    def __init__(self, uri: Any) -> None:
        self.uri = uri

    def way(self) -> Any:
        return Proxy(self.uri)


def test_a_token_is_not_said_to_others() -> None:
    """Neither to a name server, nor where an answer or a name leads."""
    heard: list[Any] = []

    def listen(said: Any) -> str:
        heard.append(said)
        return "somebody"

    settings = ClientSettings(token="very-secret")
    with (
        serving(authenticate=[HandshakeHook(listen)]) as elsewhere,
        serving() as daemon,
        start_ns("127.0.0.1", 0) as nameserver,
    ):
        nameserver.daemon._host.admission = elsewhere._host.admission
        daemon.register(Guide(elsewhere.uri_for("thing")), "guide")
        elsewhere.publish("thing", "thing", ns=nameserver.uri.location, ttl=None)
        heard.clear()
        with Proxy(daemon.uri_for("guide"), settings=settings) as guide, guide.way() as received:
            received.who()
        with Proxy(f"PYRONAME:thing@{nameserver.uri.location}", settings=settings) as named:
            named.who()
        with Proxy(f"PYRONAME:thing@{nameserver.uri.location}") as named:
            named._pyro.token = "very-secret"  # this one is for the object, wherever it is
            named.who()
    assert [said for said in heard if said != "hello"] == [{"token": "very-secret"}]
    assert len(heard) == 5


def test_an_object_that_the_same_daemon_gives_is_told_the_token_too() -> None:
    @expose
    class Shop:
        def till(self) -> Any:
            till = Thing()
            current_call().daemon.register(till)
            return till

    async def inside(uri: Any) -> Any:
        async with AsyncProxy(uri) as shop:
            shop._pyro.token = "a"
            async with await shop.till() as till:
                return await till.who()

    with serving(authenticate=[Tokens({"anna": "a"})]) as daemon:
        uri = daemon.register(Shop(), "shop")
        with Proxy(uri) as shop:
            shop._pyro.token = "a"
            with shop.till() as till:
                assert till.who() == ["anna", "token"]
        assert asyncio.run(inside(uri)) == ["anna", "token"]


def test_a_token_and_a_handshake_value_go_together() -> None:
    class Asking(Daemon):
        def validate_handshake(self, connection: Any, data: Any) -> Any:
            return {"heard": data}

    with Asking(host="127.0.0.1", authenticate=[Tokens({"anna": "a"})]) as daemon:
        daemon.register(Thing(), "thing")
        daemon.start()
        for value in ({"x": 1}, [1, 2], "other"):
            with known(daemon, "a") as proxy:
                answers: list[Any] = []
                proxy._pyro.handshake = value
                proxy._pyro.validate_handshake = answers.append
                assert proxy.who() == ["anna", "token"]
                assert answers == [{"heard": value}]


def test_a_changed_file_counts_for_the_next_connection(tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text('anna = "old"', encoding="utf8")
    with (
        serving(settings=ServerSettings(tokens_file=str(file))) as daemon,
        known(daemon, "old") as before,
        known(daemon, "old") as late,
        known(daemon, "the new one") as now,
    ):
        assert before.who() == ["anna", "token"]
        file.write_text('anna = "the new one"', encoding="utf8")
        assert before.who() == ["anna", "token"]
        with pytest.raises(ConnectionRejected, match="does not know"):
            late.who()
        assert now.who() == ["anna", "token"]


@pytest.mark.skipif(not have_openssl(), reason="needs openssl")
@SERVER_TYPES
def test_client_certificates_are_principals(tmp_path: Path, servertype: str) -> None:
    authority = Authority(tmp_path)
    cert, key = authority.issue("server")
    tls = TLS(certfile=cert, keyfile=key, cafile=authority.certfile)
    by_certificate = ClientCertificates(["printer"])
    with serving(tls=tls, servertype=servertype, authenticate=[by_certificate, Anonymous()]) as daemon:
        for name, expected in (
            ("printer", ["printer", "certificate"]),
            ("guest", ["anonymous", "anonymous"]),
            (None, ["anonymous", "anonymous"]),
        ):
            mine = authority.client(name) if name else authority.client()
            with Proxy(daemon.uri_for("thing"), settings=ClientSettings(tls=mine)) as proxy:
                assert proxy.who() == expected


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
@SERVER_TYPES
def test_users_are_principals_over_a_unix_socket(tmp_path: Path, servertype: str) -> None:
    me = pwd.getpwuid(os.getuid()).pw_name
    path = str(tmp_path / "socket")
    with (
        serving(unixsocket=path, servertype=servertype, authenticate=[UnixPeers()]) as daemon,
        Proxy(daemon.uri_for("thing")) as proxy,
    ):
        assert proxy.who() == [me, "unix"]
    others = [UnixPeers([4_000_000])]
    with (
        serving(unixsocket=path, servertype=servertype, authenticate=others) as daemon,
        Proxy(daemon.uri_for("thing")) as proxy,
        pytest.raises(ConnectionRejected, match="a user that it knows"),
    ):
        proxy.who()


@pytest.mark.parametrize("generation", ["4", "5"])
def test_stock_clients_say_tokens_as_their_handshake(generation: str) -> None:
    with guarded() as daemon:
        uri = str(daemon.uri_for("thing"))

        def report(*said: str) -> dict[str, Any]:
            return processes.outcomes(stock_python(), "stock_token_client.py", generation, uri, *said)

        anna = report(json.dumps({"token": "a"}))
        assert anna["who"] == anna["again"] == ["anna", "token"]
        assert anna["count"] == [0, 1, 2]
        assert anna["close"][0] == "SecurityError"
        assert "may not call 'close' of 'thing'" in anna["close"][1]
        for said, reason in (
            ((), "only whom it knows"),
            ((json.dumps({"token": "x"}),), "not know the token"),
        ):
            stranger = report(*said)
            assert stranger["who"][0] == "CommunicationError"
            assert reason in stranger["who"][1]
        assert daemon.objects["thing"].done == []


def test_no_token_is_logged_anywhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(authenticate=[Tokens({"anna": "very-secret"})], authorize=TABLE) as daemon:
        with known(daemon, "very-secret") as proxy:
            proxy.who()
            with pytest.raises(SecurityError):
                proxy.close()
            shown = [repr(proxy), repr(proxy._pyro.settings), repr(proxy.__reduce__()), repr(daemon)]
        with known(daemon, "secret-but-wrong") as wrong, pytest.raises(ConnectionRejected):
            wrong.who()
    assert "secret" not in caplog.text + "".join(shown)
    assert "accepted: principal='anna'" in caplog.text


def test_flame_tells_who_used_it_and_for_what(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    table = AllowMethods({"anna": {"Pyro.Flame*": ["*"]}})
    with serving(authenticate=[Tokens({"anna": "a", "ben": "b"})], authorize=table) as daemon:
        flame_start(daemon, Policy(calls={"os.getpid"}, console=True))
        with flame_connect(daemon.location) as flame, pytest.raises(ConnectionRejected):
            flame.module("os")
        with flame_connect(daemon.location) as flame:
            flame._proxy._pyro.token = "a"
            assert flame.module("os").getpid() == os.getpid()
            with pytest.raises(SecurityError):
                flame.evaluate("1 + 1")
            with flame.console() as console:
                assert console.push("2 + 3") == ("5\n", False)
    lines = [one.getMessage() for one in caplog.records if one.name == "pyro_server.access"]
    used = [re.sub(r"peer='[^']*' ", "", line) for line in lines if line.startswith("flame")]
    who = "flame: principal='anna' proof='token' "
    assert used == [
        f"{who}act='module' what='os'",
        f"{who}act='call' what='os.getpid'",
        f"{who}act='console' what=''",
        f"{who}act='console' what='2 + 3'",
    ]
    assert any("denied: principal='anna'" in line and "act='code' what='1 + 1'" in line for line in lines)


def test_flame_does_not_start_where_strangers_could_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyro_server.listeners.is_loopback", lambda host: False)
    with serving() as daemon, pytest.raises(SecurityError, match=r"flame does not start .* ask who calls"):
        flame_start(daemon)
    with serving(authenticate=[Anonymous()]) as daemon, pytest.raises(SecurityError):
        flame_start(daemon)
    with guarded() as daemon:
        flame_start(daemon)


def test_a_program_that_listens_everywhere_warns_on_its_error_output() -> None:
    code = "from pyro_server import Daemon; Daemon(host='0.0.0.0').close()"
    said = processes.run([sys.executable, "-c", code]).stderr
    assert "everybody who reaches" in said
    meant = processes.run([sys.executable, "-c", code], env={"PYRO_ALLOW_ANONYMOUS": "1"}).stderr
    assert meant == ""
