from pyro_core.testing.transports import TransportConformance
from pyro_core.transport import Transport
from pyro_server.transports.asyncio_loop import AsyncioTransport


class TestConformance(TransportConformance):
    transport: type[Transport] = AsyncioTransport
