"""A server that echoes large values and counts what that takes of its memory."""

import sys
import tracemalloc
from typing import Any

from pyro_server import Daemon, expose


@expose
class Bulk:
    def echo(self, value: Any) -> Any:
        return value

    def begin(self) -> None:
        tracemalloc.start()

    def reset(self) -> None:
        tracemalloc.reset_peak()

    def peak_bytes(self) -> int:
        return tracemalloc.get_traced_memory()[1]


def main() -> None:
    with Daemon(servertype=sys.argv[1], serializers=("serpent", "json", "msgpack", "marshal")) as daemon:
        print("ready", daemon.register(Bulk(), "bulk"), flush=True)
        daemon.start()
        sys.stdin.read()


if __name__ == "__main__":
    main()
