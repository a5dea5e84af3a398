"""A server that is killed at a chosen moment: it writes a byte to a file whenever a method begins."""

import os
import signal
import sys
import threading

from pyro_server import Daemon, expose, idempotent


@expose
class Counting:
    def __init__(self, path: str) -> None:
        self._path = path

    def count(self) -> int:
        """How often a method has begun."""
        return os.path.getsize(self._path)

    def die_the_first_time(self) -> str:
        self._note()
        if self.count() == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"

    def die_soon(self) -> str:
        """Answers, and dies when that can have been read."""
        self._note()
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return "answered"

    @idempotent
    def die_once(self) -> str:
        return self.die_the_first_time()

    def _note(self) -> None:
        with open(self._path, "ab", buffering=0) as file:
            file.write(b"x")


if __name__ == "__main__":
    with Daemon(host="127.0.0.1", port=int(sys.argv[2])) as daemon:
        print("ready", daemon.register(Counting(sys.argv[1]), "counting"), flush=True)
        daemon.request_loop()
