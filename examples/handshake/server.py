"""A daemon that lets in whoever knows the password, and hears who comes and goes."""

import hmac
from typing import Any

from pyro_server import Daemon, expose, serve

PASSWORD = "open sesame"


@expose
class Cave:
    """Worth a password."""

    def treasure(self) -> list[str]:
        """What is inside."""
        return ["gold", "silver", "a lamp"]


class GuardedDaemon(Daemon):
    """Asks everybody who connects for the password."""

    def validate_handshake(self, connection: Any, data: Any) -> str:
        """Decide whether to let a client in.

        Args:
            connection: Its connection.
            data: What it said.

        Returns:
            The answer, which the client can look at.

        Raises:
            PermissionError: If the client is turned away; the text is what it is told.
        """
        if not isinstance(data, str) or not hmac.compare_digest(data.encode(), PASSWORD.encode()):
            print("turned somebody away", flush=True)
            raise PermissionError("that is not the password")
        print("let somebody in", flush=True)
        return "the cave of Ali Baba"

    def client_disconnect(self, connection: Any) -> None:
        """Only called for those who had been let in."""
        print("somebody left", flush=True)


if __name__ == "__main__":
    with GuardedDaemon() as daemon:
        serve({Cave(): "cave"}, daemon=daemon, use_ns=False)
