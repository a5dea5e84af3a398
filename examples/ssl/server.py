"""Speaks TLS only, and only with clients that show a certificate of its own authority.

Usage: python server.py FOLDER
"""

import sys
from pathlib import Path

from pyro_core import TLS
from pyro_server import Daemon, current_call, expose, serve


@expose
class Vault:
    """Knows who asks from the client's certificate."""

    def contents(self) -> list[str]:
        """What is in it."""
        certificate = current_call().peer_certificate or {}
        who = dict(pair[0] for pair in certificate["subject"])["commonName"]
        print(f"{who} looked, with certificate {certificate['serialNumber']}", flush=True)
        return ["gold", f"a note for {who}"]


def main(folder: Path) -> None:
    """Serve until Ctrl-C."""
    tls = TLS(
        certfile=str(folder / "localhost.pem"),
        keyfile=str(folder / "localhost.key"),
        cafile=str(folder / "ca.pem"),
        require_client_cert=True,
    )
    with Daemon(host="localhost", tls=tls) as daemon:
        serve({Vault(): "vault"}, daemon=daemon, use_ns=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
