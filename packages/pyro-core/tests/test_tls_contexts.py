import logging
import os
import shutil
import ssl
from pathlib import Path
from typing import Any

import pytest

from pyro_core.errors import SettingsError
from pyro_core.net.tls_contexts import TlsContexts, client_context, server_context
from pyro_core.settings import TLS
from pyro_core.testing.certificates import Authority
from pyro_core.testing.clock import FakeClock


def test_contexts_speak_current_versions_only(authority: Authority) -> None:
    for context in (server_context(authority.server()), client_context(authority.client())):
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_client_checks_certificate_and_host_name_unless_told_otherwise(authority: Authority) -> None:
    context = client_context(authority.client())
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED
    context = client_context(authority.client(check_hostname=False))
    assert not context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED


def test_a_client_trusts_the_authorities_of_the_operating_system_by_default() -> None:
    assert client_context(TLS()).verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("trusting", "strict", "mode"),
    [(False, False, ssl.CERT_NONE), (True, False, ssl.CERT_OPTIONAL), (True, True, ssl.CERT_REQUIRED)],
)
def test_what_a_server_wants_from_clients(
    authority: Authority, trusting: bool, strict: bool, mode: ssl.VerifyMode
) -> None:
    cafile = authority.certfile if trusting else None
    assert server_context(authority.server(cafile=cafile, require_client_cert=strict)).verify_mode == mode


def test_authorities_may_be_in_a_folder(authority: Authority, tmp_path: Path) -> None:
    assert client_context(TLS(cafile=str(tmp_path))).verify_mode == ssl.CERT_REQUIRED


def test_a_ready_context_is_used_as_it_is() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert client_context(TLS(context=context, certfile="nowhere")) is context
    assert server_context(TLS(context=context)) is context
    with pytest.raises(SettingsError, match=r"must be an ssl\.SSLContext, got 3"):
        client_context(TLS(context=3))


def test_an_encrypted_key_needs_its_password(authority: Authority) -> None:
    certfile, keyfile = authority.issue("locked", password="open sesame")
    assert server_context(TLS(certfile=certfile, keyfile=keyfile, password="open sesame"))
    for password in (None, "wrong"):
        with pytest.raises(SettingsError, match="with this password"):
            server_context(TLS(certfile=certfile, keyfile=keyfile, password=password))


def test_certificate_and_key_may_be_in_one_file(authority: Authority, tmp_path: Path) -> None:
    certfile, keyfile = authority.issue("both")
    both = tmp_path / "both.pem"
    both.write_text(Path(certfile).read_text() + Path(keyfile).read_text())
    assert server_context(TLS(certfile=str(both)))


def test_files_that_cannot_be_used_are_one_clear_error(authority: Authority, tmp_path: Path) -> None:
    good = authority.server()
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nothing")
    for problem, tls in {
        "certfile '/nowhere.pem' cannot be read: No such file": TLS(certfile="/nowhere.pem"),
        "keyfile '/nowhere.key' cannot be read: No such file": TLS(
            certfile=good.certfile, keyfile="/nowhere.key"
        ),
        "cafile '/nowhere.ca' cannot be read": TLS(
            certfile=good.certfile, keyfile=good.keyfile, cafile="/nowhere.ca"
        ),
        "nonsense.pem' cannot be used: .*; expected certificates": TLS(
            certfile=good.certfile, keyfile=good.keyfile, cafile=str(nonsense)
        ),
        "nonsense.pem' cannot be used": TLS(certfile=str(nonsense)),
        "does not belong to the certificate": TLS(
            certfile=good.certfile, keyfile=authority.issue("another")[1]
        ),
        "needs a certificate": TLS(),
        "keyfile 'x' needs certfile": TLS(keyfile="x"),
    }.items():
        with pytest.raises(SettingsError, match=problem):
            client_context(tls) if tls.keyfile == "x" else server_context(tls)
    with pytest.raises(SettingsError, match="needs cafile"):
        server_context(TLS(certfile=good.certfile, keyfile=good.keyfile, require_client_cert=True))


def test_an_expired_certificate_is_refused_at_once(authority: Authority) -> None:
    certfile, keyfile = authority.issue("late", expired=True)
    for make in (server_context, client_context):
        with pytest.raises(SettingsError, match=r"late\.pem' cannot be used: certificate has expired"):
            make(TLS(certfile=certfile, keyfile=keyfile))


def contexts(tls: TLS, clock: Any) -> TlsContexts:
    return TlsContexts(tls, server_side=True, check_s=1.0, clock=clock)


def test_changed_files_are_noticed(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    """D6: no restart for a new certificate."""
    clock = FakeClock()
    tls = authority.server("changing")
    source = contexts(tls, clock)
    first = source.current()
    authority.server("changing")
    assert source.current() is first  # not looked at yet
    clock.advance(1.1)
    caplog.set_level(logging.INFO)
    second = source.current()
    assert second is not first
    assert source.current() is second
    assert "the TLS files changed" in caplog.text


def test_changed_files_that_cannot_be_used_change_nothing_yet(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    tls = authority.server("half")
    assert tls.certfile
    source = contexts(tls, clock)
    first = source.current()
    shutil.copy(tls.certfile, f"{tls.certfile}.kept")
    Path(tls.certfile).write_text("half written")
    for _ in range(3):
        clock.advance(2)
        assert source.current() is first
    assert caplog.text.count("cannot be used; going on") == 1
    with pytest.raises(SettingsError):
        source.reload()
    assert source.current() is first
    os.replace(f"{tls.certfile}.kept", tls.certfile)
    clock.advance(2)
    assert source.current() is not first


def test_reloading_does_not_wait_for_a_look(authority: Authority) -> None:
    clock = FakeClock()
    source = contexts(authority.server("now"), clock)
    first = source.current()
    source.reload()
    assert source.current() is not first


def test_a_ready_context_never_changes() -> None:
    clock = FakeClock()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    source = contexts(TLS(context=context), clock)
    clock.advance(10)
    assert source.current() is context
    source.reload()
    assert source.current() is context


def test_a_function_may_give_another_context_each_time() -> None:
    source = contexts(TLS(context=lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)), FakeClock())
    assert source.current() is not source.current()
    with pytest.raises(SettingsError, match=r"must be an ssl\.SSLContext, got 3"):
        server_context(TLS(context=lambda: 3))
