"""The server under siege. Prints ``ready URI TLS_URI``, and ends when its standard input closes.

Usage: python target.py SERVERTYPE [--descriptors N] [--certificate FILE KEY] [--message-mib N]
"""

import argparse
import itertools
import resource
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pyro_core.settings import TLS, Limits, ServerSettings, Timeouts
from pyro_server import Daemon, expose

KIB = 1 << 10
MIB = 1 << 20


@expose
class Mill:
    """What everybody calls."""

    def add(self, a: int, b: int) -> int:
        """A quick call."""
        return a + b

    def large(self, kib: int) -> str:
        """A large answer."""
        return "x" * (kib * KIB)

    def numbers(self, to: int) -> Iterator[int]:
        """A long stream."""
        yield from range(to)

    def total(self, numbers: Any) -> int:
        """Takes a stream."""
        return sum(numbers)

    def nap(self, seconds: float) -> float:
        """A call that takes a while; its beginning is printed."""
        sys.stdout.write("nap\n")  # in one piece, whoever else naps
        sys.stdout.flush()
        time.sleep(seconds)
        return seconds


def end_with_input(daemon: Daemon) -> None:
    sys.stdin.read()
    daemon.shutdown()


def jump() -> None:
    """Have the wall clock jump an hour back and forth whenever somebody looks at it."""
    real, hours = time.time, itertools.cycle((3600.0, -3600.0, 0.0))
    time.time = lambda: real() + next(hours)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("servertype")
    parser.add_argument("--descriptors", type=int, help="most descriptors of this process")
    parser.add_argument("--certificate", nargs=2, default=(), metavar=("FILE", "KEY"))
    parser.add_argument("--message-mib", type=int, default=16, help="largest message, in MiB")
    parser.add_argument("--jumping-clock", action="store_true", help="a wall clock that nobody can rely on")
    parser.add_argument("--port", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    wanted = arguments()
    if wanted.jumping_clock:
        jump()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptors = wanted.descriptors or most
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, most))
    settings = ServerSettings(
        host="127.0.0.1",
        port=wanted.port,
        servertype=wanted.servertype,
        processes=2,  # of prefork, however many cores this process may use
        timeouts=replace(Timeouts(), write_s=5.0),
        limits=replace(Limits(), max_message_bytes=wanted.message_mib * MIB, max_write_buffer_bytes=4 * MIB),
    )
    with Daemon(settings) as daemon:
        uri = daemon.register(Mill(), "mill")
        encrypted: Any = uri
        if wanted.certificate:
            file, key = wanted.certificate
            daemon.listen("127.0.0.1", tls=TLS(certfile=file, keyfile=key))
            encrypted = daemon.uris_for("mill")[-1]
        print(f"ready {uri} {encrypted}", flush=True)
        threading.Thread(target=end_with_input, args=(daemon,), daemon=True).start()
        daemon.request_loop()


if __name__ == "__main__":
    main()
