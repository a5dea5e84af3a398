"""A server whose names do not go stale: python publishing_server.py NAME_SERVERS TTL NAME...

Ends when its standard input is closed, or on SIGTERM.
"""

import sys
import threading

from pyro_server import Daemon, expose


@expose
class Who:
    """Tells its name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def name(self) -> str:
        """Its name."""
        return self._name


def main(name_servers: str, ttl: str, *names: str) -> None:
    """Publish one object for each name."""
    with Daemon(host="127.0.0.1") as daemon:

        def ended() -> None:
            sys.stdin.read()
            daemon.shutdown()

        def serving() -> bool:
            if not told.is_set():
                told.set()
                print("ready", flush=True)  # from now on SIGTERM is a request to stop
            return True

        told = threading.Event()
        for name in names:
            daemon.publish(name, Who(name), ns=name_servers, ttl=float(ttl), metadata=["who"])
        threading.Thread(target=ended, daemon=True).start()
        daemon.request_loop(serving)


main(*sys.argv[1:])
