"""Orders a dish without waiting for it, and goes on asking meanwhile.

Usage: python client.py
"""

import time

from pyro_client import Proxy


def main() -> None:
    """Tell what comes back, and when."""
    with Proxy("PYRONAME:example.kitchen") as kitchen:
        began = time.perf_counter()
        print(f"ordering a stew gives {kitchen.cook('a stew')}", end=" ")
        print("at once" if time.perf_counter() - began < 1 else "after a while")
        print(f"is it ready? {kitchen.ready()}")  # answered at once, over the same connection
        kitchen.ring()
        print(f"and after the bell? {kitchen.ready()}")

        print(f"an error over there is {kitchen.cook('')} here")
        print(f"the methods nobody waits for: {sorted(kitchen._pyro.metadata.oneway)}")


if __name__ == "__main__":
    main()
