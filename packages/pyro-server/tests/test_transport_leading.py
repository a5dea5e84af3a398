import gc
import threading
import weakref

from pyro_core.settings import ServerSettings
from pyro_core.testing.served_transport import Served
from pyro_core.testing.toy_dialogue import DO, ECHO, FAIL, GIVE, PATIENCE_S, WAIT, ToyClient, ToyHost, framed
from pyro_core.testing.transports import MEGABYTE, TransportSuite
from pyro_core.transport import Transport
from pyro_server.transports.leading import ALONE_CALLS, Leadership
from pyro_server.transports.threaded import CROWD, ThreadedTransport


class TestLedByAWorker(TransportSuite):
    """The threaded transport keeps its promises while a worker runs the loop."""

    def transport_class(self) -> type[Transport]:
        return LedTransport

    def crowd(self, served: Served) -> list[ToyClient]:
        """Keep so many workers busy that one is asked to lead."""
        clients = [served.connect() for _ in range(CROWD)]
        for client in clients:
            client.send(framed(WAIT, b"crowd"))
        served.host.await_entered(b"crowd", CROWD)
        return clients

    def test_quick_calls_of_different_clients_run_in_the_thread_that_leads(self) -> None:
        with self.serving() as served:
            self.crowd(served)
            threads = set()
            served.host.action = lambda: threads.add(threading.get_ident())
            clients = [served.connect() for _ in range(5)]
            for _ in range(10):
                for client in clients:
                    client.send(framed(DO))
                assert all(client.read() == (DO, b"") for client in clients)
            assert len(threads) == 1
            served.host.gate(b"crowd").set()

    def test_a_long_call_loses_the_loop_and_is_answered(self) -> None:
        with self.serving() as served:
            crowd = self.crowd(served)
            slow, other = served.connect(), served.connect()
            slow.send(framed(WAIT, b"slow"))
            served.host.await_entered(b"slow")
            assert all(other.echoes() for _ in range(20))
            assert served.connect().echoes()
            served.host.gate(b"slow").set()
            assert slow.read() == (WAIT, b"slow")
            assert slow.echoes()
            served.host.gate(b"crowd").set()
            assert [client.read() for client in crowd] == [(WAIT, b"crowd")] * CROWD

    def test_a_long_call_that_fails_costs_its_connection_only(self) -> None:
        with self.serving() as served:
            self.crowd(served)
            slow, other = served.connect(), served.connect()
            gate = threading.Event()

            def fail() -> None:
                served.host.entered(b"failing")
                assert gate.wait(PATIENCE_S)
                raise ValueError("told to fail")

            served.host.action = fail
            slow.send(framed(DO))
            served.host.await_entered(b"failing")
            assert other.echoes()
            gate.set()
            assert slow.await_close() == b""
            assert other.echoes()
            served.host.gate(b"crowd").set()

    def test_a_failing_engine_costs_its_connection_only(self) -> None:
        with self.serving() as served:
            self.crowd(served)
            failing, other = served.connect(), served.connect()
            failing.send(framed(FAIL))
            assert failing.await_close() == b""
            assert other.echoes()
            served.host.gate(b"crowd").set()

    def test_a_client_that_is_slow_to_read_holds_up_nobody(self) -> None:
        with self.serving() as served:
            self.crowd(served)
            greedy, other = served.connect(), served.connect()
            size = 20 * MEGABYTE
            greedy.send(framed(GIVE, b"%d" % size))
            assert all(other.echoes() for _ in range(20))
            assert greedy.read() == (GIVE, bytes(size))
            served.host.gate(b"crowd").set()

    def test_a_call_may_close_the_transport_while_it_is_led(self) -> None:
        with self.serving(housekeeping_s=PATIENCE_S) as served:
            self.crowd(served)
            served.host.gate(b"crowd").set()
            served.host.action = served.transport.close
            client = served.connect()
            assert client.ask(DO) == (DO, b"")
            served.await_end()
            assert client.await_close() == b""

    def test_the_condition_is_asked_while_a_worker_leads(self) -> None:
        with self.prepared() as served:
            go_on = threading.Event()
            go_on.set()
            served.start(go_on.is_set)
            self.crowd(served)
            assert served.connect().echoes()
            go_on.clear()
            served.await_end()
            served.host.gate(b"crowd").set()

    def test_a_client_that_is_the_only_busy_one_gets_its_own_worker_again(self) -> None:
        with self.serving() as served:
            self.crowd(served)
            client = served.connect()
            assert all(client.echoes() for _ in range(3 * ALONE_CALLS))
            assert served.connect().ask(ECHO, b"x") == (ECHO, b"x")
            served.host.gate(b"crowd").set()


class LedTransport(ThreadedTransport):
    """Led by a worker whenever one is free, as if the last long call were long ago."""

    name = "led"

    def _turn(self, timeout_s: float) -> None:
        self._leadership._rested_at = 0.0
        super()._turn(timeout_s)


class TestLeadership:
    def test_a_call_that_ends_in_time_keeps_the_loop(self) -> None:
        leadership = Leadership()
        leadership.begin()
        leadership.enter("connection")  # type: ignore[arg-type]
        assert leadership.leave()
        assert leadership.leading

    def test_a_call_that_takes_long_loses_it_once(self) -> None:
        leadership = Leadership()
        leadership.begin()
        leadership.enter("connection")  # type: ignore[arg-type]
        assert leadership.watch(PATIENCE_S) == "connection"
        assert not leadership.leading
        assert not leadership.leave()
        assert not leadership.may_begin()

    def test_a_connection_that_was_served_is_not_kept_alive(self) -> None:
        leadership = Leadership()
        leadership.begin()
        connection = ToyHost(ServerSettings())  # anything that can be referred to weakly
        gone = weakref.ref(connection)
        leadership.enter(connection)  # type: ignore[arg-type]
        assert leadership.leave()
        del connection
        gc.collect()
        assert gone() is None

    def test_the_watcher_is_woken_by_a_call_and_by_the_end(self) -> None:
        for event in (lambda a: a.enter("connection"), lambda a: a.resign()):
            leadership = Leadership()
            leadership.begin()
            watcher = threading.Thread(target=leadership.watch, args=(PATIENCE_S,), daemon=True)
            watcher.start()
            event(leadership)
            watcher.join(PATIENCE_S / 2)
            assert not watcher.is_alive()

    def test_many_calls_in_a_row_from_one_connection_are_no_crowd(self) -> None:
        leadership = Leadership()
        leadership.begin()
        for number in range(3 * ALONE_CALLS):
            leadership.enter(("one", "other")[number % 2])  # type: ignore[arg-type]
            assert leadership.leave()
        assert not leadership.alone
        for _ in range(ALONE_CALLS + 2):
            leadership.enter("one")  # type: ignore[arg-type]
            assert leadership.leave()
        assert leadership.alone
