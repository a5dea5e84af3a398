"""The rules of the game. Knows nothing of remote calls, nor of windows."""

from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 18, 8
WALLS = frozenset({(5, 2), (5, 3), (5, 4), (12, 3), (12, 4), (12, 5)})
HEALTH = 10
RAM, BUMP = 3, 1
"""What it costs to be run into, and to run into a wall."""


@dataclass
class Robot:
    """One robot.

    Attributes:
        name: Whose it is.
        x: Column, from 0.
        y: Row, from 0.
        health: It is dead at 0.
    """

    name: str
    x: int
    y: int
    health: int = HEALTH

    def hurt(self, by: int) -> None:
        """Take health."""
        self.health = max(0, self.health - by)


class Arena:
    """A grid with walls, on which robots run into each other. The last one alive wins."""

    def __init__(self) -> None:
        self.robots: dict[str, Robot] = {}
        self._corners = [(1, 1), (WIDTH - 2, HEIGHT - 2), (WIDTH - 2, 1), (1, HEIGHT - 2)]

    def add(self, name: str) -> None:
        """Put a robot into a free corner.

        Raises:
            ValueError: If the name is taken or the arena full.
        """
        if name in self.robots:
            raise ValueError(f"there is a robot {name!r} already; choose another name")
        if not self._corners:
            raise ValueError("the arena is full")
        self.robots[name] = Robot(name, *self._corners.pop(0))

    def alive(self) -> list[Robot]:
        """Robots that are."""
        return [robot for robot in self.robots.values() if robot.health]

    def seen_by(self, name: str) -> dict[str, Any]:
        """What a robot knows when it decides where to go: only plain data, so that it can travel."""
        me = self.robots[name]
        return {
            "me": [me.x, me.y],
            "others": {robot.name: [robot.x, robot.y] for robot in self.alive() if robot is not me},
            "walls": sorted(list(wall) for wall in WALLS),
            "size": [WIDTH, HEIGHT],
        }

    def move(self, name: str, dx: int, dy: int) -> str:
        """Move a robot by at most one step in each direction; gives what happened, if anything."""
        me = self.robots[name]
        if not me.health:
            return ""
        x, y = me.x + max(-1, min(1, int(dx))), me.y + max(-1, min(1, int(dy)))
        if (x, y) == (me.x, me.y):
            return ""
        if (x, y) in WALLS or not (0 <= x < WIDTH and 0 <= y < HEIGHT):
            me.hurt(BUMP)
            return f"{name} ran into a wall" + ("" if me.health else " and is dead")
        for other in self.alive():
            if (other.x, other.y) == (x, y):
                other.hurt(RAM)
                return f"{name} rammed {other.name}" + ("" if other.health else f", {other.name} is dead")
        me.x, me.y = x, y
        return ""

    def letters(self) -> str:
        """The board as text."""
        marks = {wall: "#" for wall in WALLS} | {
            (robot.x, robot.y): robot.name[0].upper() for robot in self.alive()
        }
        rows = ("".join(marks.get((x, y), ".") for x in range(WIDTH)) for y in range(HEIGHT))
        return "\n".join([*rows, self.standing()])

    def standing(self) -> str:
        """Everybody's health."""
        return "  ".join(f"{robot.name} {robot.health}" for robot in self.robots.values())
