"""Any function can be called in the background, not only remote methods. Needs no server.

Usage: python futures.py
"""

import threading
from concurrent.futures import CancelledError
from queue import SimpleQueue

from pyro_client import Task

DELAY_S = 0.05
"""How long a postponed task waits before it begins."""


def add(left: int, right: int) -> int:
    """A function like any other."""
    return left + right


def call_and_chain() -> None:
    """A task is told what follows before it is started; calling it gives the future of the end."""
    task = Task(add)
    task.then(add, 100).then(str)
    future = task(3, 4)
    print(f"3 + 4 + 100 = {future.result(timeout=5)!r}")
    print(f"more, of a future that is done: {future.then(len).result(timeout=5)} digits")


def fail() -> None:
    """Nobody has to wait for an error either."""
    heard: SimpleQueue[BaseException] = SimpleQueue()
    task = Task(int)
    task.then(add, 1).iferror(heard.put)
    future = task("seven")
    print(f"the handler heard: {heard.get(timeout=5)}")
    print(f"the future has it, too: {type(future.exception(timeout=5)).__name__}")


def postpone_and_cancel() -> None:
    """A task may begin later, or never."""
    threads: SimpleQueue[str] = SimpleQueue()
    task = Task(lambda: threads.put(threading.current_thread().name))
    task.delay(DELAY_S)
    future = task()
    print(f"done at once: {future.done()}")
    future.result(timeout=5)
    print(f"it ran in another thread: {threads.get(timeout=5) != threading.current_thread().name}")

    never = Task(add)
    never.delay(3600)
    future = never(1, 1)
    print(f"cancelled: {future.cancel()}")
    try:
        future.result(timeout=5)
    except CancelledError:
        print("it has no result")


if __name__ == "__main__":
    call_and_chain()
    fail()
    postpone_and_cancel()
