"""One link of a chain: adds its name to a message and hands it on to the next link.

Usage: python link.py NAME NEXT
"""

import sys

from pyro_client import Proxy
from pyro_server import expose, serve


@expose
class Link:
    """Passes messages on, until one comes round.

    Args:
        name: Of this link.
        following: Of the next one.
    """

    def __init__(self, name: str, following: str) -> None:
        self._name = name
        self._next = Proxy(f"PYRONAME:example.circular.{following}")  # looked up when it is used first

    def pass_on(self, route: list[str]) -> list[str]:
        """The route of a message that has come this far, from here to where it comes round."""
        if self._name in route:
            print(f"{self._name}: it came round", flush=True)
            return [*route, self._name]
        print(f"{self._name}: passing it on", flush=True)
        return self._next.pass_on([*route, self._name])


if __name__ == "__main__":
    name, following = sys.argv[1:3]
    serve({Link(name, following): f"example.circular.{name}"})
