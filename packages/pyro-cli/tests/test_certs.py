"""Certificates from an authority of one's own."""

import json
import os
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pyro_cli import exit_codes
from pyro_cli.main import main

pytest.importorskip("cryptography", reason="needs the extra 'certs'")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "certs"


def facts(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["certs", *arguments, "--json"]) == exit_codes.OK
    return json.loads(capsys.readouterr().out)


def greet(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> ssl.SSLObject:
    """Shake hands in memory; gives the server's side."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_server, server_hostname=host)
    there = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (here, there, here, there):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return there


def test_server_and_client_trust_each_other_by_them(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    facts(capsys, "init-ca", "--name", "Example")
    facts(capsys, "issue", "warehouse", "--for", "warehouse.example.org", "--for", "127.0.0.1")
    facts(capsys, "issue", "janet")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_cert_chain(folder / "warehouse.pem", folder / "warehouse.key")
    client = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    client.load_cert_chain(folder / "janet.pem", folder / "janet.key")
    for host in ("warehouse.example.org", "127.0.0.1"):
        who = greet(server, client, host).getpeercert()
        assert who is not None
        assert dict(pair[0] for pair in who["subject"])["commonName"] == "janet"
    with pytest.raises(ssl.SSLCertVerificationError):
        greet(server, client, "elsewhere.example.org")


def test_they_are_shown(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    facts(capsys, "init-ca", "--name", "Example", "--days", "10")
    made = facts(capsys, "issue", "warehouse", "--for", "10.0.0.7", "--days", "100")
    (row,) = facts(capsys, "show", made["certificate"])
    assert (row["name"], row["issuer"], row["hosts"]) == ("warehouse", "Example", ["10.0.0.7"])
    left = datetime.fromisoformat(row["expires"]) - datetime.now(UTC)
    assert timedelta(days=9) < left < timedelta(days=10)  # not longer than the authority
    assert row["days_left"] == 9
    assert main(["certs", "show", made["certificate"], "-f", "name"]) == exit_codes.OK
    assert capsys.readouterr().out == "warehouse\n"


@pytest.mark.skipif(os.name != "posix", reason="other systems have other permissions")
def test_only_the_user_can_read_a_key_also_after_replacing_one(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    folder.mkdir()
    (folder / "ca.key").touch(mode=0o644)
    facts(capsys, "init-ca", "--force")
    facts(capsys, "issue", "warehouse")
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.glob("*.key")} == {0o600}


def test_nothing_is_replaced_unless_asked_for(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    facts(capsys, "init-ca")
    before = (folder / "ca.key").read_bytes()
    assert main(["certs", "init-ca"]) == exit_codes.USAGE
    assert "--force replaces it" in capsys.readouterr().err
    assert (folder / "ca.key").read_bytes() == before


@pytest.mark.parametrize("name", ["ca", "../x", "a/b"])
def test_a_name_must_be_one_for_a_file(capsys: pytest.CaptureFixture[str], folder: Path, name: str) -> None:
    facts(capsys, "init-ca")
    assert main(["certs", "issue", name]) == exit_codes.USAGE
    assert "cannot be the name of a certificate" in capsys.readouterr().err


def test_there_must_be_an_authority_and_a_certificate(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    assert main(["certs", "issue", "warehouse"]) == exit_codes.USAGE
    assert "make them with 'pyro-cli certs init-ca --folder certs'" in capsys.readouterr().err
    (tmp_path / "x.pem").write_text("nothing")
    assert main(["certs", "show", "x.pem"]) == exit_codes.USAGE
    assert "x.pem has no certificate in PEM form" in capsys.readouterr().err
    folder.mkdir()
    (folder / "ca.pem").write_text("x")
    (folder / "ca.key").write_text("x")
    assert main(["certs", "issue", "warehouse"]) == exit_codes.USAGE
    assert "was not made by 'pyro-cli certs init-ca'" in capsys.readouterr().err
