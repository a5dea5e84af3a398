"""The one test that a transport plugin needs."""

from pyro_example_per_connection import PerConnectionTransport

from pyro_core.testing.transports import TransportSuite
from pyro_core.transport import Transport


class TestPerConnection(TransportSuite):
    def transport_class(self) -> type[Transport]:
        return PerConnectionTransport
