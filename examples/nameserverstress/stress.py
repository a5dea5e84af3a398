"""Threads that register, look up and remove names as fast as they can, for a while.

Usage: python stress.py [THREADS [OPERATIONS]]
"""

import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from pyro_client import NamingError, Proxy, locate_ns

PREFIX = "stress."
NAMES = [f"{PREFIX}{number}" for number in range(50)]
"""Few enough that the threads get in each other's way."""
SEED = 7


def trample(ns: Proxy, seed: int, operations: int) -> Counter[str]:
    """Do something at random, again and again.

    Args:
        ns: A name server; each thread needs a proxy of its own only if it wants a connection of its own.
        seed: Makes the same choices each time.
        operations: How many.

    Returns:
        How often what was done; what did not go for a good reason is counted as ``refused``.
    """
    chance = random.Random(seed)
    done: Counter[str] = Counter()
    for number in range(operations):
        name = chance.choice(NAMES)
        what = chance.choice(("register", "safe register", "lookup", "remove", "list", "tags"))
        try:
            match what:
                case "register":
                    ns.register(name, f"PYRO:thing{number}@host:5555")
                case "safe register":
                    ns.register(name, f"PYRO:thing{number}@host:5555", safe=True)
                case "lookup":
                    ns.lookup(name)
                case "remove":
                    ns.remove(name)
                case "list":
                    ns.list(prefix=PREFIX)
                case "tags":
                    ns.set_metadata(name, {"odd" if number % 2 else "even"})
        except NamingError:  # not there, or there already
            what = "refused"
        done[what] += 1
    return done


def main(threads: int, operations: int) -> None:
    """Run the threads, and see that nothing is left and nothing was lost.

    Args:
        threads: How many.
        operations: How many each of them does.
    """
    with locate_ns() as ns:
        began = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            futures = [pool.submit(trample, ns, SEED + index, operations) for index in range(threads)]
            done = sum((future.result() for future in futures), Counter())
        seconds = time.perf_counter() - began
        print(f"{done.total()} operations of {threads} threads, {done.total() / seconds:.0f} a second:")
        print(", ".join(f"{what} {count}" for what, count in sorted(done.items())))
        left = len(ns.list(prefix=PREFIX))
        removed = ns.remove(prefix=PREFIX)
        print(f"cleaned up: {removed == left}; names left: {len(ns.list(prefix=PREFIX))}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3] or ("8", "500")))
