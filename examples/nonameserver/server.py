"""Two objects without a name server: one with an id of our choice, one with an id that is made up.

Usage: python server.py
"""

import itertools

from pyro_server import Daemon, behavior, expose

SAYINGS = (
    "The ships hung in the sky in much the same way that bricks don't.",
    "Time is an illusion. Lunchtime doubly so.",
    "Don't panic.",
)


@expose
@behavior(instance_mode="single")
class Quotes:
    """Gives the sayings one after the other, and begins again."""

    def __init__(self) -> None:
        self._next = itertools.cycle(SAYINGS)

    def quote(self) -> str:
        """The next saying."""
        return next(self._next)


def main() -> None:
    """Print both addresses, and serve until Ctrl-C."""
    with Daemon() as daemon:
        print(f"an id made up for us, new with every start: {daemon.register(Quotes())}")
        print(f"an id of our own, easy to type:             {daemon.register(Quotes(), 'quotes')}")
        print("running", flush=True)
        daemon.request_loop()


if __name__ == "__main__":
    main()
