"""A kitchen that takes orders nobody waits for.

Usage: python server.py
"""

import threading

from pyro_server import behavior, expose, oneway, serve

MOST_S = 10.0
"""How long a dish may wait for the bell."""


@expose
@behavior(instance_mode="single")
class Kitchen:
    """Cooks one dish at a time, until somebody rings the bell."""

    def __init__(self) -> None:
        self._bell = threading.Event()
        self._done = threading.Event()

    @oneway
    def cook(self, dish: str) -> str:
        """Cook a dish. Takes until ``ring``; the caller does not wait, and gets nothing."""
        if not dish:
            raise ValueError("nothing to cook")  # nobody hears of it but the log of this program
        print(f"cooking {dish}", flush=True)
        self._bell.wait(MOST_S)
        print(f"{dish} is done", flush=True)
        self._done.set()
        return "never arrives anywhere"

    def ready(self) -> bool:
        """Whether the dish is done."""
        return self._done.is_set()

    def ring(self) -> None:
        """End the cooking, and wait for the dish."""
        self._bell.set()
        self._done.wait(MOST_S)


if __name__ == "__main__":
    serve({Kitchen: "example.kitchen"})
