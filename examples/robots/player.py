"""Brings a robot into the game; its brain stays here.

Usage: python player.py NAME hunter|drunk|sitter
"""

import sys
from collections import Counter
from typing import Any

from brains import KINDS

from pyro_client import Proxy
from pyro_server import expose

GAME = "PYRONAME:example.robots"


class Watched:
    """A brain that also keeps count of what it decided."""

    def __init__(self, kind: str) -> None:
        self._brain = KINDS[kind]()
        self.decided: Counter[bool] = Counter()

    @expose
    def decide(self, seen: dict[str, Any]) -> list[int]:
        """Where to go."""
        step = self._brain.decide(seen)
        self.decided[step != [0, 0]] += 1
        return step


def main(name: str, kind: str) -> None:
    """Play one game."""
    brain = Watched(kind)
    with Proxy(GAME) as game:
        try:
            result = game.play(name, game._pyro.offer(brain))
        except ValueError as problem:
            sys.exit(str(problem))
    print(f"{result}; {name} decided {brain.decided.total()} times, {brain.decided[True]} times to move")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        print("the robot stands still from now on")
