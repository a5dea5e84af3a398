from pyro_core.testing.transports import TransportSuite
from pyro_core.transport import Transport
from pyro_server.transports.threaded import ThreadedTransport


class TestThreaded(TransportSuite):
    def transport_class(self) -> type[Transport]:
        return ThreadedTransport
