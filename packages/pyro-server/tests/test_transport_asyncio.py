import asyncio
import gc
import socket
import warnings

import pytest

from pyro_core.testing.transports import TransportSuite
from pyro_core.transport import Transport
from pyro_server import AsyncDaemon
from pyro_server.transports.asyncio_loop import AsyncioTransport


class TestAsyncio(TransportSuite):
    def transport_class(self) -> type[Transport]:
        return AsyncioTransport


@pytest.mark.parametrize("turns", range(6))
def test_connections_that_arrive_while_it_ends_are_closed_not_forgotten(turns: int) -> None:
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
        assert asyncio.run(scenario()) == [b""] * 5
        gc.collect()
    assert not unclosed
