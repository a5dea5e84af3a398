"""Name servers as processes of their own, and a client that goes on with another one when one is gone."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from subprocess import Popen
from typing import Any

import processes

from pyro_client import Proxy
from pyro_core.errors import CommunicationError, NamingError

PATIENCE_S = 30.0
HERE = "PYRO:obj@127.0.0.1:4444"


class Running:
    """A name server.

    Attributes:
        process: Its process.
        uri: Its address.
    """

    def __init__(self, process: Popen[str]) -> None:
        self.process = process
        self.uri = processes.wait_for(process, "ready ").removeprefix("ready ")

    def kill(self) -> None:
        """End it without a warning."""
        self.process.kill()
        self.process.wait()


@contextmanager
def name_servers(storage: str, count: int = 1) -> Iterator[list[Running]]:
    """Name servers that keep names in one place."""
    with ExitStack() as stack:
        command = [sys.executable, str(processes.PEERS / "our_name_server.py"), storage]
        started = [stack.enter_context(processes.running(command)) for _ in range(count)]
        yield [Running(process) for process in started]


class SteadyClient:
    """Registers names and looks them up, one after the other, at whichever name server answers.

    Attributes:
        acknowledged: The names whose registration was acknowledged.
        longest_s: The longest time that one step took.
    """

    def __init__(self, servers: Sequence[Running]) -> None:
        self._uris = [server.uri for server in servers]
        self._proxies: dict[str, Any] = {}
        self.acknowledged: list[str] = []
        self.longest_s = 0.0

    def work(self, names: int) -> None:
        """Register so many more names, and look up one before each."""
        for _ in range(names):
            name = f"name{len(self.acknowledged)}"
            begun_at = time.monotonic()
            self.ask(lambda ns, name=name: ns.register(name, HERE))  # type: ignore[misc]
            self.acknowledged.append(name)
            earlier = self.acknowledged[len(self.acknowledged) // 2]
            assert str(self.ask(lambda ns, name=earlier: ns.lookup(name))) == HERE  # type: ignore[misc]
            self.longest_s = max(self.longest_s, time.monotonic() - begun_at)

    def ask(self, question: Callable[[Any], Any]) -> Any:
        """Ask one name server, or else the next."""
        until = time.monotonic() + PATIENCE_S
        while True:
            uri = self._uris[0]
            try:
                if uri not in self._proxies:
                    self._proxies[uri] = Proxy(uri)
                return question(self._proxies[uri])
            except (CommunicationError, NamingError):
                if time.monotonic() > until:
                    raise
                self._uris.append(self._uris.pop(0))

    def check(self, servers: Sequence[Running]) -> None:
        """See that each of these name servers has every name that was acknowledged."""
        for server in servers:
            with Proxy(server.uri) as ns:
                missing = set(self.acknowledged) - set(ns.list(prefix="name"))
                assert not missing, f"{server.uri} has lost {sorted(missing)}"

    def close(self) -> None:
        """Let go of connections."""
        for proxy in self._proxies.values():
            proxy._pyro.release()
