"""Calculates rows. Start as many as there are cores, on as many machines as there are.

Usage: python server.py NUMBER
"""

import sys

from fractal import row_of_steps

from pyro_server import behavior, expose, serve

TAG = "example.mandelbrot"


@behavior(instance_mode="single")
class Calculator:
    """Calculates rows of the picture."""

    def __init__(self) -> None:
        self._rows = 0

    @expose
    def row(self, left: float, imaginary: float, distance: float, columns: int) -> list[int]:
        """The steps of each point of a row."""
        self._rows += 1
        return row_of_steps(left, imaginary, distance, columns)

    @expose
    def rows_done(self) -> int:
        """How many rows it has calculated since it was started."""
        return self._rows


if __name__ == "__main__":
    serve({Calculator: f"{TAG}.{sys.argv[1]}"}, metadata=[TAG])
