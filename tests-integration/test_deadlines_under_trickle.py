"""A timeout is for the whole of what is waited for, even while bytes keep coming in: they come too slowly."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from time import monotonic

import pytest
from chapter_daemons import PATIENCE_S, serving

from pyro_client import AsyncProxy, Proxy
from pyro_core.errors import TimeoutError
from pyro_core.net import sockets
from pyro_core.uri import URI
from pyro_server import expose

LIMIT_S = 0.5
BYTE_S = LIMIT_S / 50
PHASES = ["connecting", "calling", "iterating"]


@expose
class Source:
    def echo(self, value: str) -> str:
        return value

    def numbers(self) -> Iterator[int]:
        yield from count()


class Relay:
    """A way to a server on which every byte of its answers takes a while, as soon as ``slow`` is set.

    Args:
        uri: Address of the server.
    """

    def __init__(self, uri: URI) -> None:
        self.slow = threading.Event()
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.uri = URI(f"PYRO:{uri.object}@127.0.0.1:{self._listener.getsockname()[1]}")
        self._server = sockets.connect(uri, timeout_s=PATIENCE_S)
        self._server.settimeout(None)
        self._client: socket.socket | None = None
        self._threads = [threading.Thread(target=self._forward)]
        self._threads[0].start()

    def close(self) -> None:
        """End it."""
        self._over.set()
        for sock in (self._listener, self._server, self._client):
            if sock is not None:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
                sock.close()
        for thread in self._threads:
            thread.join()

    def _forward(self) -> None:
        with suppress(OSError):
            client = self._client = self._listener.accept()[0]
            self._threads.append(threading.Thread(target=self._back, args=(client,)))
            self._threads[-1].start()
            while data := client.recv(65536):
                self._server.sendall(data)

    def _back(self, client: socket.socket) -> None:
        with suppress(OSError):
            while data := self._server.recv(1024):
                if not self.slow.is_set():
                    client.sendall(data)
                    continue
                for byte in data:
                    client.sendall(bytes([byte]))
                    if self._over.wait(BYTE_S):
                        return


@contextmanager
def relay_to(servertype: str) -> Iterator[Relay]:
    with serving(Source(), "source", servertype=servertype) as uri:
        relay = Relay(uri)
        try:
            yield relay
        finally:
            relay.close()


def impatient(relay: Relay, phase: str) -> float:
    """Seconds until a blocking client gives up."""
    with Proxy(relay.uri) as proxy:
        proxy._pyro.timeout_s = LIMIT_S
        if phase != "connecting":
            assert proxy.echo("quick") == "quick"
        items = proxy.numbers() if phase == "iterating" else iter(())
        relay.slow.set()
        began = monotonic()
        with pytest.raises(TimeoutError):
            for _ in items:
                pass
            proxy.echo("x" * 100)
        return monotonic() - began


async def impatient_too(relay: Relay, phase: str) -> float:
    """Seconds until an asyncio client gives up."""
    async with AsyncProxy(relay.uri) as proxy:
        proxy._pyro.timeout_s = LIMIT_S
        if phase != "connecting":
            assert await proxy.echo("quick") == "quick"
        items = await proxy.numbers() if phase == "iterating" else None
        relay.slow.set()
        began = monotonic()
        with pytest.raises(TimeoutError):
            if items is not None:
                async for _ in items:
                    pass
            await proxy.echo("x" * 100)
        return monotonic() - began


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("servertype", ["threaded", "multiplex", "asyncio"])
def test_a_blocking_client_keeps_its_deadline(servertype: str, phase: str) -> None:
    with relay_to(servertype) as relay:
        assert LIMIT_S * 0.9 < impatient(relay, phase) < LIMIT_S * 8


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("servertype", ["threaded", "multiplex", "asyncio"])
def test_an_asyncio_client_keeps_its_deadline(servertype: str, phase: str) -> None:
    with relay_to(servertype) as relay:
        assert LIMIT_S * 0.9 < asyncio.run(impatient_too(relay, phase)) < LIMIT_S * 8
