"""The server of the soak: it counts, and writes down what it has counted before it acknowledges that.

Prints ``ready URI``, answers each line of its input with its vital signs, and ends with its input or SIGTERM.

Usage: python service.py SERVERTYPE JOURNAL PORT NS NAME [CERTIFICATE KEY]
"""

import gc
import json
import sys
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from pyro_core.context import current_call
from pyro_core.settings import TLS, ServerSettings, Timeouts
from pyro_server import Daemon, behavior, expose, oneway

COUNTED = ("Task", "ServerEngine", "Conversation", "ArrivingStream", "Visitor")
"""Classes whose instances are counted."""


@expose
class Counter:
    """Counts for everybody.

    Args:
        journal: Where each count is written before it is acknowledged.
    """

    def __init__(self, journal: TextIO) -> None:
        self._journal = journal
        self._noted = 0

    def count(self, who: str, number: int) -> int:
        """Write down that somebody counted to a number; gives it."""
        self._journal.write(f"{who} {number}\n")
        self._journal.flush()
        return number

    @oneway
    def note(self, number: int) -> None:
        """Needs no answer."""
        self._noted += number

    def echo(self, value: Any) -> Any:
        """Gives what it got."""
        return value

    def fail(self, text: str) -> None:
        """Fails."""
        raise ValueError(text)

    def numbers(self, to: int) -> Iterator[int]:
        """A stream."""
        yield from range(to)

    def total(self, numbers: Any) -> int:
        """Takes a stream."""
        return sum(numbers)

    def call(self, back: Any, value: Any) -> Any:
        """Calls the client back."""
        return back(value)

    def wait(self, seconds: float) -> None:
        """Takes a while, unless it is cancelled."""
        waiting = threading.Event()
        for _ in range(int(seconds * 100)):
            current_call().raise_if_cancelled()
            waiting.wait(0.01)


@behavior(instance_mode="session")
@expose
class Visitor:
    """One for each connection."""

    def __init__(self) -> None:
        self._visits = 0

    def visit(self) -> int:
        """How often this connection was here."""
        self._visits += 1
        return self._visits


def vitals(daemon: Daemon) -> dict[str, int]:
    """What must not grow."""
    gc.collect()
    counts = dict.fromkeys(COUNTED, 0)
    for thing in gc.get_objects():
        name = type(thing).__name__
        if name in counts:
            counts[name] += 1
    connections = list(daemon._transport.connections)
    busy = sum(len(connection.engine.under_way or ()) for connection in connections)
    return {
        **counts,
        "connections": len(connections),
        "calls": busy,
        "streams": len(daemon._host.streams),
        "objects": len(daemon.objects),
    }


def obey(daemon: "weakref.ref[Daemon]") -> None:
    """Tell the vital signs whenever somebody asks, and stop at the end of the input."""
    for _ in sys.stdin:
        made = daemon()
        if made is None:
            return
        print(json.dumps(vitals(made)), flush=True)
    made = daemon()
    if made is not None:
        made.shutdown()


def main() -> None:
    servertype, journal, port, ns, name, *certificate = sys.argv[1:]
    settings = ServerSettings(
        host="127.0.0.1",
        port=int(port),
        servertype=servertype,
        threads=16,
        stream_linger_s=2.0,
        tls=TLS(certfile=certificate[0], keyfile=certificate[1]) if certificate else None,
        timeouts=replace(Timeouts(), housekeeping_s=0.5),
    )
    with Path(journal).open("a", encoding="ascii") as file, Daemon(settings) as daemon:
        uri = daemon.publish(name, daemon.register(Counter(file), "counter").object, ns=ns, ttl=5, owner=name)
        daemon.register(Visitor, "visitor")
        threading.Thread(target=obey, args=(weakref.ref(daemon),), daemon=True).start()
        print(f"ready {uri}", flush=True)
        daemon.request_loop()


if __name__ == "__main__":
    main()
