from pyro_core.testing.transports import TransportSuite
from pyro_core.transport import Transport
from pyro_server.transports.asyncio_loop import AsyncioTransport


class TestAsyncio(TransportSuite):
    def transport_class(self) -> type[Transport]:
        return AsyncioTransport
