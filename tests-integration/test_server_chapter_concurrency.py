"""Which calls run at the same time. See ``docs/reference/server-chapter.md``."""

import threading
from collections.abc import Callable

import pytest
from chapter_daemons import PATIENCE_S, serving

from pyro_client import URI, Proxy
from pyro_server import expose


@expose
class Room:
    """Tells who is in it at the same time."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self.threads: set[int] = set()
        self.pair = threading.Barrier(2)
        self.entered = threading.Event()
        self.door = threading.Event()
        self.log: list[str] = []

    def meet(self) -> bool:
        self.pair.wait(PATIENCE_S)
        return True

    def visit(self) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.threads.add(threading.get_ident())
        self.log.append("quick")
        self.inside -= 1

    def wait(self) -> bool:
        self.entered.set()
        opened = self.door.wait(PATIENCE_S)
        self.log.append("slow")
        return opened


def at_once(uri: URI, count: int, act: Callable[[Proxy], object]) -> None:
    """Have so many clients do something, each with a proxy of its own that stays connected."""
    ready = threading.Barrier(count)
    problems: list[BaseException] = []

    def client() -> None:
        try:
            with Proxy(uri) as proxy:
                proxy._pyro.bind()
                ready.wait(PATIENCE_S)
                act(proxy)
                ready.wait(PATIENCE_S)
        except BaseException as problem:
            problems.append(problem)
            ready.abort()

    threads = [threading.Thread(target=client) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert problems == []


def test_the_threaded_server_runs_calls_of_several_clients_at_the_same_time() -> None:
    with serving(Room(), servertype="threaded") as uri:
        at_once(uri, 2, lambda proxy: proxy.meet())


def test_threaded_is_what_you_get_if_you_choose_nothing() -> None:
    with serving(Room()) as uri:
        at_once(uri, 2, lambda proxy: proxy.meet())


def test_more_clients_than_threads_are_all_served() -> None:
    room = Room()
    with serving(room, servertype="threaded", threads=2, min_threads=1) as uri:
        at_once(uri, 12, lambda proxy: [proxy.visit() for _ in range(10)])
        assert len(room.threads) <= 3  # the pool, and the thread that watches over it


def test_the_multiplexed_server_runs_one_call_at_a_time_in_one_thread() -> None:
    room = Room()
    with serving(room, servertype="multiplex") as uri:
        at_once(uri, 6, lambda proxy: [proxy.visit() for _ in range(20)])
    assert room.most == 1
    assert len(room.threads) == 1


@pytest.mark.parametrize("servertype", ["threaded", "multiplex"])
def test_a_slow_call_holds_up_others_only_in_the_multiplexed_server(servertype: str) -> None:
    room = Room()
    with serving(room, servertype=servertype) as uri, Proxy(uri) as slow, Proxy(uri) as quick:
        waiting = threading.Thread(target=slow.wait)
        waiting.start()
        assert room.entered.wait(PATIENCE_S)
        if servertype == "multiplex":
            threading.Timer(0.2, room.door.set).start()
        quick.visit()
        room.door.set()
        waiting.join(PATIENCE_S)
    assert room.log == (["quick", "slow"] if servertype == "threaded" else ["slow", "quick"])
