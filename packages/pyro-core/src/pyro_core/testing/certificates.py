"""Certificates for tests and examples, made on the spot with the ``openssl`` program and good for a day."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from typing import Any, Final

from pyro_core.settings import TLS

_OPENSSL: Final = "openssl"
_SECONDS: Final = 60
LOCAL_NAMES: Final = ("DNS:localhost", "IP:127.0.0.1", "IP:::1")
"""What servers on this machine are called."""


def have_openssl() -> bool:
    """Whether certificates can be made here."""
    return which(_OPENSSL) is not None


class Authority:
    """Signs certificates.

    Args:
        folder: Where all files go; it must exist.
        name: What it is called; also the beginning of its files' names.

    Attributes:
        certfile: File with its certificate, to be given as ``cafile``.
    """

    def __init__(self, folder: "str | os.PathLike[str]", name: str = "authority") -> None:
        self.folder = Path(folder)
        self.certfile = str(self.folder / f"{name}.pem")
        self._keyfile = str(self.folder / f"{name}.key")
        _openssl(
            "req", "-x509", *_NEW_KEY, "-keyout", self._keyfile, "-out", self.certfile, "-days", "1",
            "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip

    def issue(
        self,
        name: str,
        names: Sequence[str] = LOCAL_NAMES,
        *,
        password: str | None = None,
        expired: bool = False,
    ) -> tuple[str, str]:
        """Make a certificate.

        Args:
            name: Whose it is; also the beginning of the files' names. An old one is replaced.
            names: Which hosts it is for, as OpenSSL writes them.
            password: What to encrypt the private key with; None for no encryption.
            expired: Whether it ran out long ago.

        Returns:
            Names of the files with the certificate and with its private key.
        """
        certfile, keyfile = str(self.folder / f"{name}.pem"), str(self.folder / f"{name}.key")
        request, config = self.folder / f"{name}.csr", self.folder / f"{name}.cnf"
        secret = ("-passout", f"pass:{password}") if password else ("-nodes",)
        _openssl(
            "req", "-new", *_NEW_KEY[:-1], *secret, "-keyout", keyfile, "-out", str(request),
            "-subj", f"/CN={name}",
        )  # fmt: skip
        config.write_text(
            "[here]\nsubjectAltName=" + ",".join(names) + "\nbasicConstraints=critical,CA:FALSE\n"
            "extendedKeyUsage=serverAuth,clientAuth\nkeyUsage=critical,digitalSignature\n"
            "authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
            f"[ca]\ndefault_ca=x\n[x]\ndatabase={self._table()}\nserial={self.folder / 'serial'}\n"
            f"new_certs_dir={self.folder}\ndefault_md=sha256\npolicy=p\nunique_subject=no\n"
            "[p]\ncommonName=supplied\n",
            encoding="utf-8",
        )
        period = (
            ("-startdate", "20200101000000Z", "-enddate", "20200102000000Z") if expired else ("-days", "1")
        )
        _openssl(
            "ca", "-batch", "-notext", "-config", str(config), "-extensions", "here", "-create_serial",
            "-rand_serial", "-in", str(request), "-out", certfile, "-cert", self.certfile,
            "-keyfile", self._keyfile, *period,
        )  # fmt: skip
        return certfile, keyfile

    def server(self, name: str = "server", **more: Any) -> TLS:
        """Settings for a server with a new certificate, for hosts on this machine."""
        certfile, keyfile = self.issue(name)
        return TLS(**{"certfile": certfile, "keyfile": keyfile, **more})

    def client(self, name: str | None = None, **more: Any) -> TLS:
        """Settings for a client that trusts this authority; with a certificate if it has a name."""
        certfile, keyfile = self.issue(name) if name else (None, None)
        return TLS(**{"certfile": certfile, "keyfile": keyfile, "cafile": self.certfile, **more})

    def _table(self) -> Path:
        table = self.folder / "table"
        if not table.exists():
            table.touch()
        return table


_NEW_KEY: Final = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*arguments: str) -> None:
    done = subprocess.run(
        [_OPENSSL, *arguments], capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr}")
