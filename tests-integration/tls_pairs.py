"""What the tests about TLS share: an object, and daemons and proxies of every kind that speak it."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pyro_client import AsyncProxy, Proxy
from pyro_core import TLS, ClientSettings, Timeouts, current_call
from pyro_server import Daemon, expose, oneway

SERVER_TYPES = ("threaded", "multiplex", "asyncio")
PLACES = ("tcp", "unix")
FACES = ("sync", "async")


@expose
class Thing:
    """What the tests call."""

    def __init__(self) -> None:
        self.noted = threading.Event()

    def echo(self, value: Any) -> Any:
        return value

    def caller(self) -> str | None:
        certificate = current_call().peer_certificate
        return certificate and dict(pair[0] for pair in certificate["subject"])["commonName"]

    def count(self, number: int) -> Iterator[int]:
        yield from range(number)

    def linger(self) -> bool:
        return self.noted.wait(20)

    @oneway
    def note(self) -> None:
        self.noted.set()


@contextlib.contextmanager
def serving(
    tls: TLS | None, place: str = "tcp", servertype: str = "threaded", *, folder: Path, **more: Any
) -> Iterator[Daemon]:
    """A daemon that serves a Thing as ``thing``."""
    where: dict[str, Any] = {"host": "127.0.0.1"}
    if place == "unix":
        where = {"unixsocket": str(folder / "socket")}
    with Daemon(tls=tls, servertype=servertype, **where, **more) as daemon:
        daemon.register(Thing(), "thing")
        yield daemon.start()


def settings(tls: TLS | None, **more: Any) -> ClientSettings:
    """Settings of a client that does not wait for ever."""
    return ClientSettings(tls=tls, timeouts=Timeouts(connect_s=20.0, call_s=20.0), **more)


def talk(face: str, uri: Any, tls: TLS | None, *calls: Callable[[Any], Any]) -> list[Any]:
    """Make calls, one after the other, with a proxy of one kind; gives their results."""
    if face == "sync":
        with Proxy(uri, settings=settings(tls)) as proxy:
            return [call(proxy) for call in calls]

    async def over_there() -> list[Any]:
        async with AsyncProxy(uri, settings=settings(tls)) as proxy:
            return [await call(proxy) for call in calls]

    return asyncio.run(over_there())
