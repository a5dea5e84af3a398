"""Gateways of the tests, in threads of this process, and objects for them to offer, in another one."""

import json
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

import httpx
import processes

from pyro_core.features import AUTO
from pyro_core.identity import Authenticator, Authorizer
from pyro_core.settings import ClientSettings
from pyro_http.server import GatewayServer
from pyro_http.settings import GatewaySettings

PATIENCE_S = 20.0
EVENTS = {"Accept": "text/event-stream"}


class Objects:
    """The objects of ``peers/http_objects.py``, and their name server.

    Attributes:
        name_server: Where it is, as ``HOST:PORT``.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.name_server = processes.wait_for(process, "ready ").removeprefix("ready ")

    def tell(self, line: str) -> None:
        """Have names registered or removed."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        processes.wait_for(self._process, "done")


@contextmanager
def running_objects() -> Iterator[Objects]:
    """A name server and objects."""
    command = [processes.sys.executable, str(processes.PEERS / "http_objects.py")]
    with processes.running(command) as process:
        yield Objects(process)


@contextmanager
def gateway(
    name_server: str,
    *,
    authenticate: Sequence[Authenticator] = (),
    authorize: Authorizer | None = None,
    **settings: Any,
) -> Iterator[httpx.Client]:
    """A running gateway; yields a client of it."""
    client_settings = ClientSettings(ns_host=name_server, serializer=AUTO, broadcast_addresses=())
    given = GatewaySettings(port=0, **settings)
    with GatewayServer(
        given, client_settings=client_settings, authenticate=authenticate, authorize=authorize
    ) as server:
        told: SimpleQueue[str] = SimpleQueue()
        thread = threading.Thread(target=server.serve, args=(told.put,))
        thread.start()
        told.get(timeout=PATIENCE_S)
        try:
            with httpx.Client(base_url=server.url, timeout=PATIENCE_S) as client:
                yield client
        finally:
            server.stop()
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


def events(response: httpx.Response) -> Iterator[tuple[str, Any]]:
    """The server-sent events of a response: kind and data."""
    kind = ""
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


def call(client: httpx.Client, path: str, *args: Any, before: str = "", **kwargs: Any) -> Any:
    """What ``OBJECT.METHOD`` returns, by typed JSON."""
    name, _, method = path.rpartition(".")
    body = {"args": args, "kwargs": kwargs}
    answer = client.post(f"{before}/objects/{name}/methods/{method}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]
