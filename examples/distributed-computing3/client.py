"""Spreads sums over all adders that there are, known by their tag.

Usage: python client.py [SUMS]
"""

import sys
from collections import Counter

from pyro_client import NamingError, Proxy, locate_ns

TAG = "example.adder"


def any_adder() -> Proxy:
    """One that the name server's list has, drawn by lot when it is used first."""
    return Proxy(f"PYROMETA:{TAG}")


def main(sums: int) -> None:
    """Have sums done, each by whoever is drawn."""
    done_by: Counter[str] = Counter()
    total = 0
    for number in range(sums):
        with any_adder() as adder:
            total += adder.add_up([number, number, number])
            done_by[adder.name] += 1
    print(f"the sum of all is {total}, right: {total == 3 * sum(range(sums))}")
    for name, times in sorted(done_by.items()):
        print(f"{name} did {times} of {sums}")


def show_list() -> None:
    """Tags belong to names; whoever wants all adders asks for the list."""
    with locate_ns() as phone_book:
        found = phone_book.yplookup(meta_all=[TAG])
    print(f"{len(found)} adders: {', '.join(sorted(found))}")


if __name__ == "__main__":
    try:
        show_list()
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
    except NamingError as problem:
        sys.exit(f"nobody adds: {problem}")
