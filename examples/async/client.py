"""Calls in the background: their results are futures, to be asked for later, or worked on when they come.

Usage: python client.py URI
"""

import sys
from concurrent.futures import as_completed
from queue import SimpleQueue

from pyro_client import Proxy, batch


def call_and_go_on(calculator: Proxy) -> None:
    """The call returns at once; ``result`` waits for what it gives."""
    future = calculator._pyro.futures.divide(100, 5)
    print(f"the call has returned; its result is there: {future.done()}")
    print(f"100 / 5 = {future.result(timeout=5)}")


def call_many(calculator: Proxy) -> None:
    """Ten calls on one connection, under way at the same time."""
    futures = [calculator._pyro.futures.multiply(n, n) for n in range(10)]
    squares = [future.result() for future in as_completed(futures, timeout=5)]
    print(f"squares: {sorted(squares)}")
    print(f"several at the same time: {calculator.most_at_once() > 1}")


def call_in_a_batch(calculator: Proxy) -> None:
    """Several calls in one message, and all their results later."""
    calls = batch(calculator)
    calls.divide(999, 3)
    calls.multiply(6, 7)
    future = calls.submit()
    print("the batch is under way" if not future.done() else "the batch is done already")
    print(f"results of the batch: {list(future.result(timeout=5))}")


def chain(calculator: Proxy) -> None:
    """The result of one call goes on to the next, remote or local, without anybody waiting here."""
    start = calculator._pyro.futures.divide(100, 5)
    product = start.then(calculator.multiply, 3).then(calculator.multiply, by=2)
    text = product.then(lambda number: f"the end of the chain: {number}")
    print(text.result(timeout=5))


def fail(calculator: Proxy) -> None:
    """The remote exception comes out of ``result``, or goes to a handler; what follows is not called."""
    future = calculator._pyro.futures.divide(1, 0)
    try:
        future.result(timeout=5)
    except ZeroDivisionError as problem:
        print(f"from result(): {type(problem).__name__}: {problem}")
    following = future.then(lambda number: print(f"never printed: {number}"))
    heard: SimpleQueue[BaseException] = SimpleQueue()
    following.iferror(heard.put)
    print(f"the handler heard: {type(heard.get(timeout=5)).__name__}")


def main(uri: str) -> None:
    """Show it all."""
    with Proxy(uri) as calculator:
        for show in (call_and_go_on, call_many, call_in_a_batch, chain, fail):
            show(calculator)
    print("done")


if __name__ == "__main__":
    main(sys.argv[1])
