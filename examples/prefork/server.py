"""Two processes that serve the same object on one port, for work that keeps processor cores busy.

Usage: python server.py [PROCESSES]
"""

import os
import signal
import sys

from pyro_core.settings import ServerSettings
from pyro_server import Daemon, expose


@expose
class Primes:
    """Counts prime numbers."""

    def below(self, limit: int) -> int:
        """How many there are; takes long, in Python."""
        return sum(all(number % divisor for divisor in range(2, number)) for number in range(2, limit))

    def process(self) -> int:
        """The process that answers."""
        return os.getpid()

    def crash(self) -> None:
        """End this process, as an error in a C extension would."""
        os.kill(os.getpid(), signal.SIGKILL)


def main(processes: int) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    with Daemon(ServerSettings(processes=processes), servertype="prefork") as daemon:
        print(f"{daemon.register(Primes(), 'primes')} is ready", flush=True)
        daemon.request_loop()  # forks: what is registered later exists in one process only


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
