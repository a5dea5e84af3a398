"""Uses modules, files and a console of another process.

Usage: python client.py ADDRESS FILE
"""

import sys
from pathlib import Path

from pyro_core import SecurityError
from pyro_flame import RemoteFlame, connect

STUFF = '''
"""A module that the other process does not have."""

def primes(below):
    """The prime numbers below some number."""
    return [n for n in range(2, below) if all(n % divisor for divisor in range(2, n))]
'''


def modules(flame: RemoteFlame) -> None:
    """Call functions there, and keep objects there."""
    print(f"the system there: {flame.module('platform').system()}")
    print(f"the largest there: {flame.builtin('max')([3, 22, 17])}")
    counter = flame.module("collections").Counter("abracadabra")  # stays there: this is a RemoteObject
    print(f"counted there: {counter.most_common(2)}, {counter['a']} a's, {len(counter)} letters")
    flame.sendmodule("stuff", STUFF)
    print(f"with a module of mine: {flame.module('stuff').primes(30)}")


def files(flame: RemoteFlame, report: Path) -> None:
    """Send a file there, and fetch it again."""
    size = flame.sendfile(report.name, report)
    same = flame.getfile(report.name) == report.read_bytes()
    print(f"sent {size} bytes of {report.name} and fetched {'the same' if same else 'SOMETHING ELSE'}")


def console(flame: RemoteFlame) -> None:
    """Type lines there."""
    with flame.console() as session:
        for line in ("import math", "radius = 2", "round(math.pi * radius ** 2, 2)"):
            printed, _ = session.push(line)
            print(f">>> {line}\n{printed}", end="")
        try:
            session.execute("radius / 0")
        except ZeroDivisionError as problem:
            print(f"an error there is one here: {problem}")


def denied(flame: RemoteFlame) -> None:
    """Try what the other process does not allow."""
    for attempt in (lambda: flame.module("os"), lambda: flame.getfile("/etc/passwd")):
        try:
            attempt()
        except SecurityError as reason:
            print(f"denied: {reason}")


def main(address: str, report: Path) -> None:
    """Do all of it.

    Args:
        address: Of the other process.
        report: A file of this one.
    """
    with connect(address) as flame:
        modules(flame)
        files(flame, report)
        console(flame)
        denied(flame)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
