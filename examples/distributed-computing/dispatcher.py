"""Hands work out to workers who ask for it, and results to the clients that want them.

Usage: python dispatcher.py
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue

from work import DISPATCHER, RULES, WorkItem

from pyro_server import Daemon, current_call, expose, serve


class InHand:
    """Something that a worker is at, and what becomes of it if the worker goes.

    Args:
        item: The work.
        put_back: Called with it then.
    """

    def __init__(self, item: WorkItem, put_back: Callable[[WorkItem], object]) -> None:
        self._item = item
        self._put_back = put_back

    def close(self) -> None:
        """Called by the daemon when the worker's connection ends, however that happens."""
        self._put_back(self._item)


class Dispatcher:
    """One queue of work for everybody, and a queue of results for each job."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[WorkItem] = SimpleQueue()
        self._results: defaultdict[int, SimpleQueue[WorkItem]] = defaultdict(SimpleQueue)
        self._in_hand: dict[int, InHand] = {}
        self._tickets = itertools.count()
        self._jobs = itertools.count()

    @expose
    def factorize(self, numbers: list[int]) -> Iterator[WorkItem]:
        """The numbers taken apart, each as soon as it is done."""
        job = next(self._jobs)
        for number in numbers:
            self._waiting.put(WorkItem(next(self._tickets), job, number))
        for _ in numbers:
            yield self._results[job].get()
        del self._results[job]

    @expose
    def get_work(self, wait_s: float) -> WorkItem | None:
        """Something to do; None if there is nothing for so many seconds."""
        try:
            item = self._waiting.get(timeout=wait_s)
        except Empty:
            return None
        held = self._in_hand[item.ticket] = InHand(item, self._take_back)
        current_call().connection.track_resource(held)
        return item

    @expose
    def put_result(self, item: WorkItem) -> bool:
        """Give back what is done; False if it was given to somebody else meanwhile."""
        held = self._in_hand.pop(item.ticket, None)
        if held is None:
            return False
        current_call().connection.untrack_resource(held)
        self._results[item.job].put(item)
        return True

    def _take_back(self, item: WorkItem) -> None:
        if self._in_hand.pop(item.ticket, None) is not None:
            print(f"a worker has gone; {item.number} is for somebody else", flush=True)
            self._waiting.put(item)


if __name__ == "__main__":
    with Daemon(rules=RULES) as daemon:
        serve({Dispatcher(): DISPATCHER}, daemon=daemon)
