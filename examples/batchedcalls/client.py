"""Many small calls: one by one, and many in one message.

Usage: python client.py URI [CALLS]
"""

import sys
import time
from collections.abc import Callable

from pyro_client import Proxy, batch
from pyro_core.remote_errors import remote_traceback_lines


def timed(action: Callable[[], object]) -> float:
    """How many seconds it takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def one_by_one(counter: Proxy, calls: int) -> None:
    """Each call waits for its answer."""
    for _ in range(calls):
        counter.add(1)


def in_a_batch(counter: Proxy, calls: int) -> None:
    """All calls in one message, all results in another."""
    with batch(counter) as together:
        for _ in range(calls):
            together.add(1)
    results = list(together.results or ())
    print(f"results of the batch: {results[0]} to {results[-1]}")


def compare(counter: Proxy, calls: int) -> None:
    """Time the same calls in four ways."""
    single_s = timed(lambda: one_by_one(counter, calls))
    print(f"{calls} calls one by one: {single_s * 1000:.1f} ms")
    batch_s = timed(lambda: in_a_batch(counter, calls))
    print(f"{calls} calls in a batch: {batch_s * 1000:.1f} ms, {single_s / batch_s:.0f} times as fast")

    calls_for_later = batch(counter)
    for _ in range(calls):
        calls_for_later.add(1)
    oneway_s = timed(lambda: calls_for_later(oneway=True))
    print(f"{calls} calls in a oneway batch: {oneway_s * 1000:.1f} ms, and no results")
    print(f"all were executed: {counter.reaches(3 * calls, within_s=5)}")

    for _ in range(calls):
        calls_for_later.add(1)  # a batch is empty after it was sent, and can be used again
    future = calls_for_later.submit()
    print(f"in the background: the last result is {list(future.result(timeout=10))[-1]}")


def fail(counter: Proxy) -> None:
    """The batch ends with the first call that fails."""
    calls = batch(counter)
    calls.divide(100, 4)
    calls.divide(1, 0)
    calls.add(1)
    before = counter.add(0)
    try:
        for result in calls():
            print(f"a result: {result}")
    except ZeroDivisionError as problem:
        print(f"then an error: {problem}; raised in {remote_traceback_lines(problem)[-2].strip()}")
    print(f"what came after it was not executed: {counter.add(0) == before}")
    try:
        calls.subtract(1)
    except AttributeError:
        print("a method that does not exist is refused before anything is sent")


if __name__ == "__main__":
    with Proxy(sys.argv[1]) as proxy:
        proxy._pyro.bind()
        compare(proxy, int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
        fail(proxy)
