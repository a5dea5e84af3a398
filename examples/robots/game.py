"""The game: asks all brains where to go, local ones and remote ones alike, and moves the robots."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from arena import Arena

from pyro_server import behavior, expose

MOST_ROUNDS = 300
THINKING_S = 5.0
"""How long a remote brain may take; a robot whose brain does not answer stands still."""


@behavior(instance_mode="single")
class Game:
    """One game, which begins when enough players have come.

    Args:
        players: How many are waited for.
        pause_s: Between rounds, for those who watch.
        watch: Called after each round, in the game's thread.
    """

    def __init__(self, players: int, pause_s: float, watch: Callable[[Arena], None]) -> None:
        self.arena = Arena()
        self.result = ""
        self._missing = players
        self._pause_s = pause_s
        self._watch = watch
        self._brains: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()

    @expose
    def play(self, name: str, brain: Any) -> str:
        """Take part, until the game is over.

        Args:
            name: Of the robot.
            brain: Has a method ``decide``; is asked while this call waits.

        Returns:
            Who won.

        Raises:
            ValueError: If the name is taken, or the game has begun.
        """
        brain._pyro.timeout_s = THINKING_S
        self.add(name, brain, wanted=True)
        self._over.wait()
        return self.result

    def add(self, name: str, brain: Any, *, wanted: bool = False) -> None:
        """Add a robot; ``wanted`` if it is one of those that the game waits for."""
        with self._lock:
            if not self._missing:
                raise ValueError("the game has begun already")
            self.arena.add(name)
            self._brains[name] = brain
            self._missing -= wanted
            print(f"{name} is here, {self._missing} more to come", flush=True)
            if not self._missing:
                threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        rounds = 0
        with ThreadPoolExecutor() as pool:
            while len(self.arena.alive()) > 1 and rounds < MOST_ROUNDS:
                rounds += 1
                names = [robot.name for robot in self.arena.alive()]
                # All at once, or the game would be as slow as all brains together.
                for name, step in zip(names, pool.map(self._ask, names), strict=True):
                    if told := self.arena.move(name, *step):
                        print(f"{rounds}: {told}", flush=True)
                self._watch(self.arena)
                time.sleep(self._pause_s)
        winners = " and ".join(robot.name for robot in self.arena.alive())
        self.result = f"{winners} won in {rounds} rounds"
        print(self.result, flush=True)
        self._over.set()

    def _ask(self, name: str) -> list[int]:
        try:
            dx, dy = self._brains[name].decide(self.arena.seen_by(name))
        except Exception as problem:  # whatever happens in somebody else's program
            print(f"{name} does not think: {problem}", flush=True)
            return [0, 0]
        return [dx, dy]
