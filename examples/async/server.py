"""A calculator that takes its time, so that there is something to do meanwhile."""

import time

from pyro_server import expose, idempotent, serve

DELAY_S = 0.1
"""How long each calculation takes, in seconds."""


@expose
class Calculator:
    """Does sums, slowly."""

    def divide(self, number: int, by: int) -> int:
        """The whole part of ``number / by``; raises ``ZeroDivisionError``."""
        time.sleep(DELAY_S)
        return number // by

    def multiply(self, number: int, by: int) -> int:
        """The product."""
        time.sleep(DELAY_S)
        return number * by

    @idempotent
    def delay_s(self) -> float:
        """How long each calculation takes, in seconds."""
        return DELAY_S


if __name__ == "__main__":
    serve({Calculator: None})
