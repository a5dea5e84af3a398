"""A shop counter that can be stopped and started again, here or elsewhere.

Usage: python server.py            with the name server: any port will do
       python server.py new        without it
       python server.py URI        without it, again at the address that a former one printed
"""

import sys

from pyro_client import URI
from pyro_server import Daemon, expose, idempotent, serve


@expose
class Counter:
    """Serves customers. What it knows is lost when it stops; a real one would keep that in a file."""

    def __init__(self) -> None:
        self._served = 0

    def serve_next(self) -> int:
        """Serve the next customer; gives how many there were."""
        self._served += 1
        return self._served

    @idempotent
    def served(self) -> int:
        """How many there were."""
        return self._served


def main(where: str | None) -> None:
    """Serve a counter where it is wanted."""
    if where is None:
        serve({Counter(): "example.autoreconnect"})
        return
    former = None if where == "new" else URI(where)
    with Daemon(port=former.port if former else 0) as daemon:
        counter = Counter()
        daemon.register(counter, former.object if former else None)  # the id belongs to the address
        serve({counter: None}, daemon=daemon)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
