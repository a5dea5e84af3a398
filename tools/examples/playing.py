"""Play scenes of examples, several at a time."""

import signal
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from scenes.language import Scene
from scenes.playing import NOT_RUN, Player, Result, Stage, lacking, play

from examples.catalogue import Example

REDRAWING_S = 0.25


def play_one(example: Example, scene: Scene, started: Callable[[Player], None] = lambda _: None) -> Result:
    """Play one scene, if this machine can; ``started`` is told of the player."""
    if reason := lacking(scene):
        return Result(scene.name, NOT_RUN, reason)
    with tempfile.TemporaryDirectory(prefix="example-") as work:
        player = Player(Stage(example.folder, Path(work)))
        started(player)
        return play(scene, player)


@contextmanager
def ctrl_c_reaches_programs() -> Iterator[None]:
    """Let programs that are started from here be ended by Ctrl-C.

    Those of a process that ignores it, as one in the background may, would ignore it, too.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Company:
    """Plays scenes in threads; all its programs can be ended at once.

    Args:
        jobs: How many at a time.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._lock = threading.Lock()
        self._over = False
        self._began: dict[str, float] = {}
        self._players: dict[str, Player] = {}

    def running(self) -> list[tuple[str, float]]:
        """Scenes that are being played, with the seconds since each began."""
        with self._lock:
            return [(name, monotonic() - began) for name, began in self._began.items()]

    def play(
        self, chosen: Sequence[tuple[Example, Scene]], waiting: Callable[[], None]
    ) -> Generator[Result, None, None]:
        """Play scenes, and give results as they come; ``waiting`` is called now and then meanwhile.

        When this is left early, by Ctrl-C, all programs are ended.
        """
        with ThreadPoolExecutor(self._jobs) as pool:
            left = {pool.submit(self._play_one, example, scene) for example, scene in chosen}
            try:
                while left:
                    done: set[Future[Result]]
                    done, left = wait(left, REDRAWING_S, FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
                    waiting()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                self._abandon()

    def _play_one(self, example: Example, scene: Scene) -> Result:
        with self._lock:
            self._began[scene.name] = monotonic()
        try:
            return play_one(example, scene, lambda player: self._started(scene.name, player))
        finally:
            with self._lock:
                del self._began[scene.name]
                self._players.pop(scene.name, None)

    def _started(self, name: str, player: Player) -> None:
        with self._lock:
            self._players[name] = player
            over = self._over
        if over:
            player.abandon()

    def _abandon(self) -> None:
        with self._lock:
            self._over = True
            players = list(self._players.values())
        for player in players:
            player.abandon()
