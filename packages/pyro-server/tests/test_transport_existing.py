from pyro_core.testing.transports import TransportSuite
from pyro_core.transport import Transport
from pyro_server.transports.existing import ExistingConnectionTransport


class TestExisting(TransportSuite):
    accepts = False

    def transport_class(self) -> type[Transport]:
        return ExistingConnectionTransport

    def test_serving_ends_when_the_connection_does(self) -> None:
        with self.serving() as served:
            client = served.connect()
            assert client.echoes()
            client.close()
            served.await_end()

    def test_the_other_side_may_take_its_time_for_the_handshake(self) -> None:
        with self.serving(handshake_s=0.01) as served:
            client = served.connect(hello=False)
            for _ in range(3):
                served.host.await_housekeeping()
            assert client.echoes()

    def test_a_connection_whose_other_end_is_gone_already_just_ends(self) -> None:
        with self.prepared() as served:
            served.connect(hello=False).close()
            served.start()
            served.await_end()
