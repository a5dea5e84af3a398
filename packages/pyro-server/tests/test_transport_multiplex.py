from pyro_core.testing.transports import TransportSuite
from pyro_core.transport import Transport
from pyro_server.transports.multiplex import MultiplexTransport


class TestMultiplex(TransportSuite):
    concurrent = False

    def transport_class(self) -> type[Transport]:
        return MultiplexTransport
