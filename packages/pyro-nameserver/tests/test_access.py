"""Who may do what with a name server."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyro_client import Proxy, locate_ns
from pyro_core.errors import ConnectionRejected, NameOwned, NameServerNotFound, SecurityError, SettingsError
from pyro_core.settings import TLS, ClientSettings, NameServerSettings, ServerSettings
from pyro_core.testing.certificates import Authority, have_openssl
from pyro_nameserver import NameServer, start_ns

HERE = "PYRO:obj@localhost:4444"
THERE = "PYRO:obj@localhost:5555"
ROLES = {"register_tokens": ("reg-1", "reg-2"), "admin_tokens": ("boss",)}


def guarded(**roles: tuple[str, ...]) -> NameServer:
    return start_ns(settings=NameServerSettings(host="127.0.0.1", port=0, **roles))  # type: ignore[arg-type]


def client(nameserver: NameServer, token: str | None = None) -> Any:
    settings = ClientSettings(ns_token=token)
    return locate_ns(nameserver.uri.host, nameserver.uri.port, settings=settings)


@pytest.fixture
def nameserver() -> Iterator[NameServer]:
    with guarded(**ROLES) as nameserver:
        yield nameserver


@pytest.mark.parametrize("token", ["reg-1", "reg-2", "boss"])
def test_a_token_lets_a_client_register(nameserver: NameServer, token: str) -> None:
    with client(nameserver, token) as ns:
        ns.register("a", HERE)
        ns._pyro.release()  # and says it again on the next connection
        assert ns.remove("a") == 1


def test_without_a_token_names_can_be_looked_up_but_not_changed(nameserver: NameServer) -> None:
    with client(nameserver, "reg-1") as ns:
        ns.register("a", HERE)
    with Proxy(nameserver.uri) as ns:
        assert str(ns.lookup("a")) == HERE
        for change in (
            lambda: ns.register("a", THERE),
            lambda: ns.remove("a"),
            lambda: ns.set_metadata("a", ["x"]),
            lambda: ns.renew("a", "owner"),
        ):
            with pytest.raises(
                SecurityError, match=r"takes the role 'register' here.* has 'read'.*PYRO_NS_TOKEN"
            ):
                change()
        assert ns.list(prefix="a") == {"a": HERE}


def test_a_wrong_token_is_a_clear_error_that_does_not_repeat_it(nameserver: NameServer) -> None:
    with pytest.raises(
        NameServerNotFound, match=r"does not know the token.*does not let this client in"
    ) as caught:
        client(nameserver, "wrong-one")
    assert "wrong-one" not in str(caught.value)
    assert isinstance(caught.value.__cause__, ConnectionRejected)
    assert "Start one" not in str(caught.value)


@pytest.mark.parametrize("token", [5, None, ["reg-1"], "\udc80"])
def test_whatever_else_is_said_is_no_token(nameserver: NameServer, token: Any) -> None:
    with Proxy(nameserver.uri) as ns:
        ns._pyro.handshake = {"token": token}
        if token is None:
            assert ns.count() == 1
        else:
            with pytest.raises(Exception, match=r"does not know the token|surrogate"):
                ns.count()


def test_with_read_tokens_nobody_else_gets_in() -> None:
    with guarded(read_tokens=("reader",), **ROLES) as nameserver:
        with client(nameserver, "reader") as ns:
            assert ns.count() == 1
            with pytest.raises(SecurityError, match="has 'read'"):
                ns.register("a", HERE)
        with pytest.raises(NameServerNotFound, match="asks for a token"):
            client(nameserver)


def test_a_leased_name_is_changed_only_by_its_owner_or_an_admin(nameserver: NameServer) -> None:
    with client(nameserver, "reg-1") as owner, client(nameserver, "reg-2") as other:
        token = owner.register("a", HERE, ttl=60)
        with pytest.raises(NameOwned):
            other.register("a", THERE)
        with pytest.raises(NameOwned):
            other.remove("a", owner="somebody")
        with client(nameserver, "boss") as admin:
            assert admin.remove("a") == 1
        assert owner.renew("a", token) == ["a"]


def test_without_tokens_everybody_may_register() -> None:
    with guarded() as nameserver, client(nameserver, "of-another-name-server") as ns:
        ns.register("a", HERE)


def test_a_token_is_kept_nowhere(nameserver: NameServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with client(nameserver, "reg-1") as ns:
        assert "reg-1" not in repr(ns._pyro._profile.reference().__reduce__())
        ns.count()
    assert "reg-1" not in caplog.text
    assert "reg-1" not in repr(nameserver.settings)


@pytest.mark.skipif(not have_openssl(), reason="needs openssl")
def test_certificates_are_mapped_to_roles(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    cert, key = authority.issue("ns")
    tls = TLS(certfile=cert, keyfile=key, cafile=authority.certfile, require_client_cert=True)
    settings = NameServerSettings(
        host="127.0.0.1", port=0, read_identities=("*",), register_identities=("printer",)
    )
    with start_ns(settings=settings, server_settings=ServerSettings(tls=tls)) as nameserver:

        def known_as(name: str) -> Any:
            cert, key = authority.issue(name, ["DNS:localhost"])
            mine = TLS(certfile=cert, keyfile=key, cafile=authority.certfile)
            return locate_ns("127.0.0.1", nameserver.uri.port, settings=ClientSettings(tls=mine))

        with known_as("printer") as ns:
            ns.register("a", HERE)
        with known_as("guest") as ns:
            assert str(ns.lookup("a")) == HERE
            with pytest.raises(SecurityError, match="has 'read'"):
                ns.register("a", THERE)


def test_identities_without_certificates_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"asks for none.*PYRO_SSL_CACERTS"):
        guarded(register_identities=("x",))


@pytest.mark.parametrize(
    ("loopback", "roles", "warns"), [(True, {}, False), (False, {}, True), (False, ROLES, False)]
)
def test_beyond_loopback_without_any_access_control_it_warns(
    loopback: bool,
    roles: dict[str, tuple[str, ...]],
    warns: bool,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pyro_nameserver.nameserver_daemon.is_loopback", lambda host: loopback)
    settings = NameServerSettings(host="127.0.0.1", port=0, broadcast=False, **roles)  # type: ignore[arg-type]
    with NameServer(settings):
        said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert ["PYRO_NS_REGISTER_TOKENS" in text for text in said] == [True] * warns


def test_a_denied_change_is_logged_with_who_asked_for_it(
    nameserver: NameServer, caplog: pytest.LogCaptureFixture
) -> None:
    with Proxy(nameserver.uri) as ns, pytest.raises(SecurityError):
        ns.register("a", HERE)
    (record,) = [one for one in caplog.records if one.name == "pyro_server.access"]
    assert record.levelno == logging.WARNING
    fields = record.fields  # type: ignore[attr-defined]
    assert (fields["principal"], fields["object"], fields["name"]) == (
        "anonymous",
        "Pyro.NameServer",
        "register",
    )


def test_who_has_several_roles_gets_the_highest() -> None:
    with (
        guarded(read_tokens=("both",), admin_tokens=("both",)) as nameserver,
        client(nameserver, "both") as ns,
    ):
        ns.register("a", HERE, ttl=60)
        assert ns.remove("a") == 1  # which is not its own


def test_what_is_read_again_counts_for_new_connections(nameserver: NameServer) -> None:
    with client(nameserver, "reg-1") as before:
        nameserver.access.apply(NameServerSettings(register_tokens=("reg-3",)))
        before.register("a", HERE)
        with pytest.raises(NameServerNotFound, match="does not know the token"):
            client(nameserver, "reg-1")
        with client(nameserver, "reg-3") as now:
            now.remove("a")
