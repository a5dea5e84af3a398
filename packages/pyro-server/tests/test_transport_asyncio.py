import asyncio
import gc
import socket
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import pytest

from pyro_core.errors import PyroError
from pyro_core.testing.transports import TransportSuite
from pyro_core.transport import Host, Transport
from pyro_server import AsyncDaemon
from pyro_server.transports.asyncio_loop import AsyncioTransport
from pyro_server.transports.event_loops import new_event_loop

needs_uvloop = pytest.mark.skipif(not find_spec("uvloop"), reason="uvloop is not installed")


class OnAsyncio(AsyncioTransport):
    event_loop = "asyncio"

    def __init__(self, host: Host, listeners: Sequence[Any]) -> None:
        super().__init__(host, listeners)
        self.settings = replace(self.settings, event_loop=self.event_loop)


class OnUvloop(OnAsyncio):
    event_loop = "uvloop"


class TestAsyncio(TransportSuite):
    def transport_class(self) -> type[Transport]:
        return OnAsyncio


@needs_uvloop
class TestUvloop(TransportSuite):
    def transport_class(self) -> type[Transport]:
        return OnUvloop


@pytest.mark.parametrize("name", ["asyncio", pytest.param("uvloop", marks=needs_uvloop)])
def test_the_event_loop_is_the_one_that_was_asked_for(name: str) -> None:
    loop = new_event_loop(name)
    loop.close()
    assert type(loop).__module__.split(".")[0] == name


def test_uvloop_is_taken_where_it_is_installed_and_an_error_where_it_is_not_but_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = new_event_loop("auto")
    loop.close()
    assert type(loop).__module__.split(".")[0] == ("uvloop" if find_spec("uvloop") else "asyncio")
    monkeypatch.setitem(sys.modules, "uvloop", None)
    loop = new_event_loop("auto")
    loop.close()
    assert type(loop).__module__.split(".")[0] == "asyncio"
    with pytest.raises(PyroError, match=r"pip install 'pyro-server\[uvloop\]'"):
        new_event_loop("uvloop")


@pytest.mark.parametrize("name", ["asyncio", pytest.param("uvloop", marks=needs_uvloop)])
@pytest.mark.parametrize("turns", range(6))
def test_connections_that_arrive_while_it_ends_are_closed_not_forgotten(turns: int, name: str) -> None:
    async def scenario() -> list[bytes]:
        daemon = AsyncDaemon(host="127.0.0.1")
        uri = daemon.register(object(), "thing")
        async with daemon:
            # The system accepts these; the daemon hears of them in one of the next turns of the loop.
            callers = [socket.create_connection((uri.host or "", uri.port or 0)) for _ in range(5)]
            for _ in range(turns):
                await asyncio.sleep(0)
        heard = []
        for caller in callers:
            caller.settimeout(10)
            with caller:
                try:
                    heard.append(caller.recv(1))
                except ConnectionResetError:
                    heard.append(b"")
        return heard

    with warnings.catch_warnings(record=True) as unclosed:
        warnings.simplefilter("always", ResourceWarning)
        with asyncio.Runner(loop_factory=partial(new_event_loop, name)) as runner:
            assert runner.run(scenario()) == [b""] * 5
        gc.collect()
    assert not unclosed
