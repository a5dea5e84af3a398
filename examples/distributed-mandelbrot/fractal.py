"""The Mandelbrot set, a row at a time. Knows nothing of remote calls."""

from dataclasses import dataclass

SHADES = " .,:;i1tfLCG08"
MOST_STEPS = 112
"""Steps after which a point is taken to belong to the set; a multiple of the number of shades."""


@dataclass(frozen=True)
class View:
    """What is looked at, and how large the picture is.

    Attributes:
        centre: Of the picture.
        width: Of the picture, in the plane.
        columns: Of points.
        rows: Of points.
        aspect: Height of a point divided by its width; letters are about twice as high as wide.
    """

    centre: complex = -0.65 + 0j
    width: float = 3.0
    columns: int = 78
    rows: int = 36
    aspect: float = 2.0

    def zoomed(self, factor: float) -> "View":
        """The same, nearer."""
        return View(self.centre, self.width / factor, self.columns, self.rows, self.aspect)

    def left_and_imaginary(self, row: int) -> tuple[float, float, float]:
        """Where a row is: its left end, its imaginary part, and the distance of its points."""
        distance = self.width / self.columns
        left = self.centre.real - self.width / 2
        return left, self.centre.imag + (self.rows / 2 - row) * distance * self.aspect, distance


def steps(point: complex) -> int:
    """How many steps it takes until a point runs away; MOST_STEPS if it does not."""
    z = 0j
    for number in range(MOST_STEPS):
        if abs(z) > 2:
            return number
        z = z * z + point
    return MOST_STEPS


def row_of_steps(left: float, imaginary: float, distance: float, columns: int) -> list[int]:
    """The steps of each point of a row."""
    return [steps(complex(left + column * distance, imaginary)) for column in range(columns)]


def as_letters(row: list[int]) -> str:
    """A row as text: the longer it takes, the darker."""
    return "".join("@" if each == MOST_STEPS else SHADES[each % len(SHADES)] for each in row)
