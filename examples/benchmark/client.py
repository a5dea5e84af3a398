"""How many calls a second.

Usage: python client.py [--seconds S] URI
"""

import argparse
from collections.abc import Callable, Mapping
from concurrent.futures import wait

from measuring import Table, per_second

from pyro_client import ClientSettings, Proxy, batch

AT_ONCE = 100
"""Calls in a batch, and futures under way at the same time."""
TEXT = "x" * 10_000
NUMBERS = [[number, number / 3] for number in range(100)]
SERIALIZERS = ("serpent", "json", "marshal")


def batched(proxy: Proxy) -> None:
    """Some calls in one message."""
    with batch(proxy) as calls:
        for number in range(AT_ONCE):
            calls.echo(number)


def futures(proxy: Proxy) -> None:
    """The same calls under way at the same time."""
    wait([proxy._pyro.futures.echo(number) for number in range(AT_ONCE)])


def kinds(proxy: Proxy) -> Mapping[str, tuple[Callable[[], object], int]]:
    """What is measured: name -> an action, and how many calls it makes."""
    return {
        "no arguments": (proxy.without, 1),
        "a number": (lambda: proxy.echo(42), 1),
        "arguments by name": (lambda: proxy.keywords(name="n", number=1), 1),
        "a text of 10 kB": (lambda: proxy.echo(TEXT), 1),
        "a list of 100 pairs of numbers": (lambda: proxy.echo(NUMBERS), 1),
        "oneway": (lambda: proxy.oneway(42), 1),
        f"in batches of {AT_ONCE}": (lambda: batched(proxy), AT_ONCE),
        f"{AT_ONCE} futures at a time": (lambda: futures(proxy), AT_ONCE),
    }


def main(uri: str, seconds: float) -> None:
    """Print two tables."""
    print("calls, with the default serializer")
    table = Table()
    with Proxy(uri) as proxy:
        proxy.without()
        for what, (action, calls) in kinds(proxy).items():
            table.row(what, calls * per_second(action, seconds))
            proxy.without()  # oneway calls are done, or at least under way
    print("\nserializers, with the list of pairs")
    table = Table()
    for name in SERIALIZERS:
        with Proxy(uri, settings=ClientSettings(serializer=name)) as proxy:
            proxy.without()
            table.row(name, per_second(lambda proxy=proxy: proxy.echo(NUMBERS), seconds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure calls.")
    parser.add_argument("--seconds", type=float, default=0.1, help="for each line; 1 gives steady figures")
    parser.add_argument("uri")
    options = parser.parse_args()
    main(options.uri, options.seconds)
