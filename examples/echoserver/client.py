"""Talks to the built-in echo server: is anybody there, and what comes through unharmed?

Usage: python client.py URI
"""

import datetime
import decimal
import math
import sys

from pyro_client import Proxy
from pyro_core import traceback_text

VALUES = (
    "text",
    b"bytes",
    ("a", "tuple", {1, 2}),
    decimal.Decimal("1.10"),
    datetime.date(2020, 2, 29),
    {"nested": [1, 2.5, None]},
)


def echo(server: Proxy) -> None:
    """Values come back as what they were."""
    print(f"echo: {server.echo('hello?')}")
    for value in VALUES:
        same = server.echo(value) == value
        print(f"{type(value).__name__}: {'unharmed' if same else 'changed'}")
    print(f"nan: {math.isnan(server.nan())}, inf: {math.isinf(server.inf())}")


def other_ways(server: Proxy) -> None:
    """Streams, oneway calls, errors."""
    print(f"stream: {list(server.generator())}")
    print(f"oneway: {server.oneway_echo('into the void')}")
    print(f"a method with an unusual name: {server.__dunder__()}")
    try:
        server.error_with_text()
    except ValueError as problem:
        print("an error, with what happened over there:")
        print(traceback_text(problem), end="")


if __name__ == "__main__":
    with Proxy(sys.argv[1]) as proxy:
        proxy.verbose = True
        echo(proxy)
        other_ways(proxy)
        proxy.shutdown()
    print("told the server to end")
