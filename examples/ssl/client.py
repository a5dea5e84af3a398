"""Calls the vault with a certificate, without one, without TLS, and trusting somebody else.

Usage: python client.py URI FOLDER
"""

import ssl
import sys
from pathlib import Path

from pyro_client import ClientSettings, CommunicationError, Proxy
from pyro_core import TLS


def attempt(label: str, uri: str, tls: TLS | None) -> None:
    """Call once, and print what comes of it."""
    try:
        with Proxy(uri, settings=ClientSettings(tls=tls)) as vault:
            print(f"{label}: {', '.join(vault.contents())}")
    except CommunicationError as refused:
        print(f"{label}: refused: {refused}")


def main(uri: str, folder: Path) -> None:
    """Try all of it."""
    authority = str(folder / "ca.pem")
    mine = TLS(certfile=str(folder / "alice.pem"), keyfile=str(folder / "alice.key"), cafile=authority)
    attempt("with a certificate", uri, mine)
    attempt("without one", uri, TLS(cafile=authority))
    attempt("trusting others", uri, TLS(context=ssl.create_default_context()))
    attempt("without TLS", uri, None)
    # The address says who the server must be; its certificate is for localhost, not for 127.0.0.1.
    attempt("by another name", uri.replace("localhost", "127.0.0.1"), mine)
    attempt("with a certificate, still", uri, mine)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
