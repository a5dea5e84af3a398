"""What decides where a robot goes. The server runs some itself, players bring theirs."""

import random
from collections.abc import Callable
from typing import Any

from pyro_server import expose


def towards(here: int, there: int) -> int:
    """One step in that direction, or none."""
    return (there > here) - (there < here)


@expose
class Sitter:
    """Waits for what may come."""

    def decide(self, seen: dict[str, Any]) -> list[int]:
        """Where to go: -1, 0 or 1 to the right, and the same down."""
        return [0, 0]


@expose
class Drunk(Sitter):
    """Goes anywhere, walls included."""

    def __init__(self) -> None:
        self._chance = random.Random(7)

    def decide(self, seen: dict[str, Any]) -> list[int]:
        return [self._chance.choice([-1, 0, 1]), self._chance.choice([-1, 0, 1])]


@expose
class Hunter(Sitter):
    """Runs at the nearest robot, around walls."""

    def decide(self, seen: dict[str, Any]) -> list[int]:
        x, y = seen["me"]
        others = seen["others"].values()
        if not others:
            return [0, 0]
        there_x, there_y = min(others, key=lambda at: max(abs(at[0] - x), abs(at[1] - y)))
        dx, dy = towards(x, there_x), towards(y, there_y)
        for step in ([dx, dy], [dx, 0], [0, dy], [dx, -1], [dx, 1]):
            if step != [0, 0] and [x + step[0], y + step[1]] not in seen["walls"]:
                return step
        return [0, 0]


KINDS: dict[str, Callable[[], Sitter]] = {"sitter": Sitter, "drunk": Drunk, "hunter": Hunter}
