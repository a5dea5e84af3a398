"""The conformance suite of transports: what every server type must do, whoever wrote it.

A third party's whole test is::

    class TestMyTransport(TransportSuite):
        def transport_class(self):
            return MyTransport

It runs real sockets on the loopback interface, and waits for events instead of sleeping.
"""

import contextlib
import socket
import threading

import pytest

from pyro_core.settings import Limits
from pyro_core.testing.served_transport import TransportTests
from pyro_core.testing.toy_dialogue import (
    BREAK,
    DO,
    ECHO,
    FAIL,
    GIVE,
    HELLO,
    ONEWAY,
    PATIENCE_S,
    PING,
    REFUSE,
    WAIT,
    framed,
)

MEGABYTE = 1 << 20
SHORT_S = 0.15
"""A deadline that tests wait for."""


class TransportSuite(TransportTests):
    """Tests for one transport class; see ``TransportTests`` for what to tell it."""

    # ---- calls

    def test_a_request_is_answered(self) -> None:
        with self.serving() as served:
            assert served.connect().ask(ECHO, b"hello") == (ECHO, b"hello")

    def test_a_busy_client_is_answered_each_time(self) -> None:
        with self.serving() as served:
            client = served.connect()
            assert all(client.echoes(b"%d" % number) for number in range(500))

    def test_bytes_may_arrive_one_by_one(self) -> None:
        with self.serving() as served:
            client = served.connect()
            for byte in framed(ECHO, b"slowly") + framed(ECHO, b"again"):
                client.send(bytes([byte]))
            assert [client.read(), client.read()] == [(ECHO, b"slowly"), (ECHO, b"again")]

    def test_requests_sent_at_once_are_answered_in_order(self) -> None:
        with self.serving() as served:
            client = served.connect()
            bodies = [b"%d" % number for number in range(300)]
            client.send(*(framed(ECHO, body) for body in bodies))
            assert [client.read() for _ in bodies] == [(ECHO, body) for body in bodies]

    def test_a_request_may_be_followed_by_the_start_of_another(self) -> None:
        with self.serving() as served:
            client = served.connect()
            second = framed(ECHO, b"second")
            client.send(framed(ECHO, b"first"), second[:3])
            assert client.read() == (ECHO, b"first")
            client.send(second[3:])
            assert client.read() == (ECHO, b"second")

    def test_what_the_engine_says_by_itself_is_sent(self) -> None:
        with self.serving() as served:
            client = served.connect()
            assert client.ask(PING, b"1") == (PING, b"1")
            client.send(framed(PING, b"2"), framed(ECHO, b"3"))
            assert {client.read(), client.read()} == {(PING, b"2"), (ECHO, b"3")}
            client.send(framed(PING, b"4"), framed(ECHO, b"5")[:4])
            assert client.read() == (PING, b"4")

    def test_twenty_megabytes_go_both_ways(self) -> None:
        with self.serving() as served:
            client = served.connect()
            body = bytes(range(256)) * (20 * MEGABYTE // 256)
            sender = threading.Thread(target=client.send, args=(framed(ECHO, body),), daemon=True)
            sender.start()
            kind, answer = client.read()
            sender.join(PATIENCE_S)
            assert kind == ECHO
            assert answer == body
            assert client.echoes()

    def test_oneway_requests_run_and_are_not_answered(self) -> None:
        with self.serving() as served:
            client = served.connect()
            bodies = [b"%d" % number for number in range(50)]
            client.send(*(framed(ONEWAY, body) for body in bodies), framed(ECHO, b"after"))
            assert client.read() == (ECHO, b"after")
            served.host.await_noted(len(bodies))
            assert sorted(served.host.noted) == sorted(bodies)

    def test_oneway_requests_run_although_the_client_has_gone(self) -> None:
        with self.serving() as served:
            client = served.connect()
            client.send(*(framed(ONEWAY, b"%d" % number) for number in range(50)))
            client.close()
            served.host.await_noted(50)

    # ---- ends of connections

    def test_the_engine_is_closed_when_the_client_goes(self) -> None:
        with self.serving() as served:
            client = served.connect()
            assert client.echoes()
            client.close()
            assert served.host.engines[0].closed.wait(PATIENCE_S)

    def test_the_engine_is_closed_when_the_client_goes_in_the_middle_of_a_message(self) -> None:
        with self.serving() as served:
            client = served.connect()
            client.send(framed(ECHO, b"cut off")[:-3])
            client.close()
            assert served.host.engines[0].closed.wait(PATIENCE_S)

    def test_a_refusal_arrives_before_the_connection_is_closed(self) -> None:
        with self.serving() as served:
            client = served.connect(hello=False)
            client.send(framed(REFUSE), b"and bytes that nobody will read" * 1000)
            assert client.await_close() == framed(REFUSE, b"refused")
            client.close()
            assert served.host.engines[0].closed.wait(PATIENCE_S)

    @pytest.mark.parametrize("fault", [FAIL, BREAK])
    def test_an_engine_that_fails_costs_its_connection_only(self, fault: bytes) -> None:
        with self.serving() as served:
            client = served.connect()
            other = served.connect() if self.accepts else None
            client.send(framed(fault))
            assert client.await_close() == b""
            assert served.host.engines[0].closed.wait(PATIENCE_S)
            assert other is None or other.echoes()

    def test_a_client_that_reads_nothing_is_closed_and_disturbs_nobody(self) -> None:
        with self.serving(write_s=SHORT_S) as served:
            client = served.connect()
            other = served.connect() if self.accepts else None
            client.send(*(framed(GIVE, b"%d" % (4 * MEGABYTE)) for _ in range(10)))
            assert other is None or all(other.echoes() for _ in range(50))
            assert served.host.engines[0].closed.wait(PATIENCE_S)
            assert other is None or other.echoes()

    def test_a_message_that_stops_half_way_is_given_up(self) -> None:
        with self.serving(message_s=SHORT_S) as served:
            client = served.connect()
            assert client.echoes()
            client.send(framed(ECHO, b"half")[:6])
            assert client.await_close() == b""

    def test_an_idle_client_is_kept_unless_the_settings_say_otherwise(self) -> None:
        with self.serving() as served:
            client = served.connect()
            for _ in range(4):
                served.host.await_housekeeping()
            assert client.echoes()
        with self.serving(idle_s=SHORT_S) as served:
            client = served.connect()
            assert client.echoes()
            assert client.await_close() == b""

    # ---- several clients

    def test_many_clients_take_turns(self) -> None:
        self.need_several_clients()
        with self.serving() as served:
            clients = [served.connect() for _ in range(40)]
            for turn in range(5):
                for client in clients:
                    client.send(framed(ECHO, b"%d" % turn))
                assert all(client.read() == (ECHO, b"%d" % turn) for client in clients)

    @pytest.mark.parametrize("said", [b"", framed(HELLO)[:3], framed(ECHO, b"x" * 100)[:50]])
    def test_a_silent_client_disturbs_nobody_and_has_a_deadline(self, said: bytes) -> None:
        self.need_several_clients()
        with self.serving(handshake_s=SHORT_S) as served:
            silent = served.connect(hello=False)
            silent.send(said)
            served.host.await_engines(1)
            assert all(served.connect().echoes() for _ in range(20))
            assert silent.await_close() == b""
            assert served.host.engines[0].closed.wait(PATIENCE_S)

    def test_the_handshake_deadline_is_for_the_whole_handshake(self) -> None:
        self.need_several_clients()
        with self.serving(handshake_s=SHORT_S) as served:
            client = served.connect(hello=False)
            client.send((1_000_000).to_bytes(4, "big"))
            with contextlib.suppress(ConnectionError):
                while True:
                    client.send(b"x")
                    served.host.await_housekeeping()
            assert served.host.engines[0].closed.wait(PATIENCE_S)

    def test_no_more_clients_than_the_limit(self) -> None:
        self.need_several_clients()
        with self.serving(limits=Limits(max_connections=2)) as served:
            first, second = served.connect(), served.connect()
            assert served.connect(hello=False).await_close() == b""
            assert first.echoes()
            second.close()
            assert served.host.engines[1].closed.wait(PATIENCE_S)
            assert served.connect().echoes()

    def test_a_slow_call_holds_up_nobody_else(self) -> None:
        self.need_several_clients()
        if not self.concurrent:
            pytest.skip("runs one call at a time")
        with self.serving() as served:
            slow, other = served.connect(), served.connect()
            slow.send(framed(WAIT, b"gate"))
            served.host.await_entered(b"gate")
            assert all(other.echoes() for _ in range(20))
            assert served.connect().echoes()
            served.host.gate(b"gate").set()
            assert slow.read() == (WAIT, b"gate")

    # ---- beginning and end

    def test_housekeeping_goes_on_whether_or_not_anybody_calls(self) -> None:
        with self.serving() as served:
            for _ in range(3):
                served.host.await_housekeeping()

    def test_the_loop_sleeps_while_nothing_happens(self) -> None:
        turns = []

        def running() -> bool:
            turns.append(1)
            return True

        with self.prepared() as served:
            served.start(running)
            assert served.connect().echoes()
            served.host.await_housekeeping()
            before = len(turns)
            for _ in range(5):
                served.host.await_housekeeping()
            assert len(turns) - before < 50

    def test_serving_ends_on_shutdown_by_another_thread(self) -> None:
        with self.serving(housekeeping_s=PATIENCE_S) as served:
            assert served.connect().echoes()
            served.transport.shutdown()
            served.transport.shutdown()
            served.await_end()

    def test_serving_ends_on_shutdown_by_a_call_which_is_answered(self) -> None:
        with self.serving(housekeeping_s=PATIENCE_S) as served:
            served.host.action = served.transport.shutdown
            assert served.connect().ask(DO) == (DO, b"")
            served.await_end()

    def test_a_call_may_close_the_transport_and_is_answered(self) -> None:
        with self.serving(housekeeping_s=PATIENCE_S) as served:
            served.host.action = served.transport.close
            client = served.connect()
            assert client.ask(DO) == (DO, b"")
            served.await_end()
            assert client.await_close() == b""

    def test_shutdown_before_serving_counts(self) -> None:
        with self.prepared() as served:
            served.transport.shutdown()
            served.start()
            served.await_end()

    def test_serving_ends_when_the_condition_says_so_and_may_begin_again(self) -> None:
        with self.prepared() as served:
            go_on = threading.Event()
            go_on.set()
            served.start(go_on.is_set)
            client = served.connect()
            assert client.echoes()
            go_on.clear()
            served.await_end()
            client.send(framed(ECHO, b"meanwhile"))
            served.start()
            assert client.read() == (ECHO, b"meanwhile")

    def test_close_closes_everything_and_may_be_repeated(self) -> None:
        with self.serving() as served:
            client = served.connect()
            served.transport.close()
            served.transport.close()
            served.await_end()
            assert client.await_close() == b""
            assert served.host.engines[0].closed.wait(PATIENCE_S)
            if self.accepts:
                with pytest.raises(ConnectionError):
                    socket.create_connection(served.address, PATIENCE_S).close()

    def test_close_without_having_served_is_fine(self) -> None:
        with self.prepared() as served:
            served.transport.close()

    def test_close_ends_the_threads_that_were_started(self) -> None:
        before = set(threading.enumerate())
        with self.serving() as served:
            assert served.connect().echoes()
            served.transport.close()
            served.await_end()
            left = [t.name for t in set(threading.enumerate()) - before if t.name != "serving"]
            assert left == []
