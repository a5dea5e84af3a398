"""Daemons and name servers inside event loops that are not theirs, and several of them in one loop."""

import json
import os
import select
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import network_namespace
import processes
import pytest
from foreign_loops import PATIENCE_S, FakeGui, driven_by_hand

from pyro_client import Proxy, PyroError, locate_ns
from pyro_core.settings import ServerSettings, Timeouts
from pyro_nameserver import NameServer, start_ns
from pyro_server import Daemon, current_call, expose

SETTINGS = ServerSettings(
    host="127.0.0.1", servertype="multiplex", timeouts=replace(Timeouts(), housekeeping_s=0.05)
)


@expose
class Thread:
    """Tells which thread serves it."""

    def number(self) -> int:
        return threading.get_ident()

    def tell(self, uri: str) -> int:
        with Proxy(uri) as other:
            return other.number()  # type: ignore[no-any-return]


@pytest.fixture
def daemons() -> Iterator[list[Daemon]]:
    with Daemon(SETTINGS) as one, Daemon(SETTINGS) as two, Daemon(SETTINGS) as three:
        yield [one, two, three]


@pytest.fixture
def nameserver() -> Iterator[NameServer]:
    with start_ns("127.0.0.1", 0, server_settings=SETTINGS, driven=True) as nameserver:
        yield nameserver


def in_background(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_one_loop_serves_several_daemons(daemons: list[Daemon]) -> None:
    uris = [daemon.register(Thread()) for daemon in daemons]
    for guest in daemons[1:]:
        daemons[0].combine(guest)
    loop = in_background(daemons[0].request_loop)
    with Proxy(uris[0]) as one, Proxy(uris[1]) as two, Proxy(uris[2]) as three:
        assert {one.number(), two.number(), three.number()} == {loop.ident}
        assert {three.number(), one.number(), two.number()} == {loop.ident}
    daemons[0].shutdown()
    loop.join(PATIENCE_S)
    assert not loop.is_alive()


def test_a_loop_that_runs_already_takes_another_daemon(daemons: list[Daemon]) -> None:
    one, two, _ = daemons
    one.start()
    uri = two.register(Thread())
    one.combine(two)
    with Proxy(uri) as proxy:
        assert proxy.number() != threading.get_ident()


def test_a_chain_of_daemons_is_one_loop(daemons: list[Daemon]) -> None:
    one, two, three = daemons
    uri = three.register(Thread())
    two.combine(three)
    one.combine(two)
    loop = in_background(one.request_loop)
    with Proxy(uri) as proxy:
        assert proxy.number() == loop.ident
    one.shutdown()
    loop.join(PATIENCE_S)


def test_housekeeping_goes_on_in_every_daemon_of_the_loop() -> None:
    seen = [threading.Event() for _ in range(2)]

    class Tidy(Daemon):
        done: threading.Event

        def housekeeping(self) -> None:
            self.done.set()

    with Tidy(SETTINGS) as one, Tidy(SETTINGS) as two:
        one.done, two.done = seen
        one.combine(two)
        one.start()
        assert all(event.wait(PATIENCE_S) for event in seen)


def test_a_daemon_that_is_closed_or_separated_leaves_the_loop_to_the_others(daemons: list[Daemon]) -> None:
    one, two, three = daemons
    uris = [daemon.register(Thread()) for daemon in daemons]
    one.combine(two)
    one.combine(three)
    one.start()
    with Proxy(uris[0]) as first, Proxy(uris[1]) as second, Proxy(uris[2]) as third:
        thread = third.number()
        assert second.number() == thread
        two.close()
        assert (first.number(), third.number()) == (thread, thread)
        one.separate(three)
        three.start()
        assert third.number() not in (thread, threading.get_ident())
        one.separate(three)  # no error


def test_a_guest_outlives_the_daemon_whose_loop_served_it(daemons: list[Daemon]) -> None:
    one, two, _ = daemons
    uri = two.register(Thread())
    one.combine(two)
    one.start()
    with Proxy(uri) as proxy:
        assert proxy.number() != threading.get_ident()
        one.close()
        two.start()
        assert proxy.number() != threading.get_ident()


def test_what_cannot_be_combined_is_told(daemons: list[Daemon]) -> None:
    one, two, three = daemons
    with Daemon(replace(SETTINGS, servertype="threaded")) as threaded:
        with pytest.raises(PyroError, match="multiplex"):
            one.combine(threaded)
        with pytest.raises(PyroError, match="multiplex"):
            threaded.combine(one)
    with pytest.raises(PyroError, match="with itself"):
        one.combine(one)
    one.combine(two)
    two.combine(three)
    with pytest.raises(PyroError, match="with itself"):
        three.combine(one)
    with pytest.raises(PyroError, match="served by the loop of"):
        one.combine(three)
    for serve in (two.start, two.request_loop):
        with pytest.raises(PyroError, match="served by the loop of"):
            serve()
    one.separate(two)
    two.start()
    with pytest.raises(PyroError, match="serves already"):
        one.combine(two)


def test_a_name_server_and_a_daemon_share_one_loop(daemons: list[Daemon], nameserver: NameServer) -> None:
    daemon = daemons[0]
    uri = daemon.register(Thread())
    daemon.combine(nameserver)
    loop = in_background(daemon.request_loop)
    with locate_ns("127.0.0.1", nameserver.uri.port) as names:
        names.register("thread", uri)
    with Proxy(f"PYRONAME:thread@127.0.0.1:{nameserver.uri.port}") as proxy:
        assert proxy.number() == loop.ident
    with pytest.raises(PyroError, match="served by the loop of"):
        nameserver.start()
    nameserver.close()
    with Proxy(uri) as proxy:
        assert proxy.number() == loop.ident
    daemon.shutdown()
    loop.join(PATIENCE_S)


def test_a_name_server_in_a_selector_loop(nameserver: NameServer) -> None:
    with driven_by_hand(nameserver), locate_ns("127.0.0.1", nameserver.uri.port) as names:
        names.register("one", "PYRO:x@h:1")
        assert str(names.lookup("one")) == "PYRO:x@h:1"


def test_daemons_that_are_combined_are_driven_by_hand_as_one(daemons: list[Daemon]) -> None:
    one, two, _ = daemons
    uris = [one.register(Thread()), two.register(Thread())]
    one.combine(two)
    with driven_by_hand(one), Proxy(uris[0]) as first, Proxy(uris[1]) as second:
        assert first.number() == second.number() != threading.get_ident()


def test_a_loop_that_watches_the_sockets_it_was_told_first(daemons: list[Daemon]) -> None:
    daemon = daemons[0]
    uri = daemon.register(Thread())
    sockets = daemon.sockets
    numbers: list[int] = []

    def visit() -> None:
        for _ in range(3):
            with Proxy(uri) as proxy:
                numbers.append(proxy.number())

    visitor = in_background(visit)
    while visitor.is_alive():
        ready, _, _ = select.select(sockets, [], [], 0.05)
        if ready:
            daemon.events(ready)
    visitor.join()
    assert numbers == [threading.get_ident()] * 3


@expose
class Asker:
    def ask(self, question: str, times: int) -> list[int]:
        """Call back on the connection that the call came from."""
        conversation = current_call().connection.conversation
        return [conversation.call(question, "__call__", (number,), {}) for number in range(times)]


@pytest.mark.parametrize("chain", [1, 2])
def test_a_guest_that_waits_for_its_client_holds_up_nobody_in_the_loop(
    daemons: list[Daemon], chain: int
) -> None:
    """The client answers each question with a call of the daemon whose loop waits for the answer."""
    one, two, three = daemons
    uri = one.register(Thread())
    guest = two if chain == 1 else three
    asker = guest.register(Asker())
    if chain == 2:
        two.combine(three)
    one.combine(two)
    one.start()
    with Proxy(uri) as other, Proxy(asker) as proxy:
        question = proxy._pyro._channel.exports().offer(lambda number: number * bool(other.number()))
        assert proxy.ask(question.uri.object, 20) == list(range(20))


@expose
class Window:
    def __init__(self, gui: FakeGui) -> None:
        self.gui = gui

    def show(self, text: str) -> int:
        self.gui.on_screen.append(text)
        return threading.get_ident()

    def close(self) -> None:
        self.gui.quit()


@pytest.mark.parametrize("way", ["watching", "polling"])
def test_a_program_with_a_window_serves_calls_in_its_thread(daemons: list[Daemon], way: str) -> None:
    gui, daemon = FakeGui(), daemons[0]
    uri = daemon.register(Window(gui))

    def look() -> None:
        daemon.events([])
        gui.after(min(daemon.patience_s, 0.02), look)

    if way == "watching":
        for sock in daemon.sockets:
            gui.when_readable(sock, lambda ready: daemon.events([ready]))
    look()
    threads: list[int] = []

    def visit() -> None:
        with Proxy(uri) as proxy:
            threads.append(proxy.show("hello"))
            proxy.close()

    visitor = in_background(visit)
    gui.mainloop()
    daemon.close()
    visitor.join(PATIENCE_S)
    assert (gui.on_screen, threads) == (["hello"], [threading.get_ident()])


def test_a_method_may_close_the_daemon_that_another_loop_drives(daemons: list[Daemon]) -> None:
    daemon = daemons[0]

    class Door:
        @expose
        def shut(self) -> None:
            daemon.close()

    uri = daemon.register(Door())
    with driven_by_hand(daemon), Proxy(uri) as proxy:
        proxy.shut()


@pytest.mark.skipif(network_namespace.missing() is not None, reason=str(network_namespace.missing()))
@pytest.mark.parametrize("way", ["combined", "by hand", "responder alone"])
def test_the_broadcast_responder_is_driven_too(way: str) -> None:
    command = [sys.executable, str(processes.PEERS / "driven_broadcasts.py"), way]
    path = [str(processes.PEERS.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = processes.run(network_namespace.inside(command), env={"PYTHONPATH": os.pathsep.join(path)})
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["found"] == told["uri"]
    assert told["threads"] == []
