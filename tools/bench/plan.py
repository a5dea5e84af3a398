"""What is measured, and what is to be reached."""

from dataclasses import dataclass

from peers import (
    FLOOR,
    OURS,
    OURS_ASYNC,
    OURS_DEFAULT,
    OURS_SERPENT,
    PYRO5,
    PYRO5_DEFAULT,
)
from workloads import BULK, NAP_S, NAPS, SLEEPERS

SERPENT_ONLY_SMALL = frozenset({"W6a", "W6b"})
"""Workloads that take minutes with serpent."""


@dataclass(frozen=True)
class Goal:
    """How fast something is to be.

    Attributes:
        peer: Whose figure.
        rival: Beside whom.
        speed: How many times as fast.
        first: The same, to begin with.
    """

    peer: str
    rival: str
    speed: float
    first: float

    def verdict(self, reached: float) -> str:
        """What to say of a speed."""
        return "met" if reached >= self.speed else "first rung" if reached >= self.first else "missed"


@dataclass(frozen=True)
class Workload:
    """One thing to do.

    Attributes:
        key: Its name.
        title: What it is.
        count: How often it is done in one turn.
        pinned: Client and server share one core, so that work counts and not the scheduler's wake-ups.
        unit: What is done so often.
        scale: How much of the unit one of them is.
        like: Key of the workload that clients know it by, if that is another.
        goals: What is to be reached.
    """

    key: str
    title: str
    count: int
    pinned: bool = True
    unit: str = "calls"
    scale: float = 1.0
    like: str = ""
    goals: tuple[Goal, ...] = ()


MB = len(BULK) / 1e6
WORKLOADS = (
    Workload(
        "W1a",
        "the smallest call, add(2, 3)",
        2000,
        goals=(
            Goal(OURS, FLOOR, 1 / 1.4, 1 / 2.0),
            Goal(OURS, PYRO5, 3.3, 2.0),
            Goal(OURS_DEFAULT, PYRO5_DEFAULT, 5.0, 2.0),
            Goal(OURS_ASYNC, FLOOR, 1 / 2.2, 1 / 4),
        ),
    ),
    Workload(
        "W1b",
        "echo of a text of 100 characters",
        2000,
        goals=(Goal(OURS, FLOOR, 1 / 1.4, 1 / 2.0), Goal(OURS, PYRO5, 3.3, 2.0)),
    ),
    Workload(
        "W2a",
        "echo of a dict with 30 fields, about 1 KB",
        400,
        goals=(Goal(OURS, FLOOR, 1 / 1.2, 1 / 1.5), Goal(OURS_SERPENT, PYRO5_DEFAULT, 2.8, 2.0)),
    ),
    Workload(
        "W2b",
        "echo of a list of 1,000 small dicts",
        4,
        goals=(Goal(OURS, FLOOR, 1 / 1.1, 1 / 1.3), Goal(OURS_SERPENT, PYRO5_DEFAULT, 7.0, 4.0)),
    ),
    Workload("W3", "calls in batches of 500", 5000, goals=(Goal(OURS, FLOOR, 0.7, 0.4),)),
    Workload("W4", "one-way calls, until executed", 2000, goals=(Goal(OURS, FLOOR, 0.4, 0.2),)),
    Workload("W5", "connect, call and close", 100, goals=(Goal(OURS, FLOOR, 1.0, 0.6),)),
    Workload(
        "W6a", "echo of 50 MiB of bytes", 1, unit="MB", scale=2 * MB, goals=(Goal(OURS, FLOOR, 2.5, 1.0),)
    ),
    Workload(
        "W6b", "upload of 50 MiB of bytes", 1, unit="MB", scale=MB, goals=(Goal(OURS, FLOOR, 2.5, 1.0),)
    ),
    Workload(
        "W7a",
        "16 client threads on all cores",
        4800,
        pinned=False,
        goals=(Goal(OURS, FLOOR, 0.9, 0.5), Goal(OURS, PYRO5, 2.0, 1.5)),
    ),
    Workload(
        "W7c",
        f"{SLEEPERS} clients x {NAPS} naps of {NAP_S * 1e3:g} ms ({NAPS * NAP_S * 1e3:g} ms at best)",
        1,
        pinned=False,
        unit="rounds",
        goals=(Goal(OURS, FLOOR, 59 / 66, 59 / 80),),
    ),
    Workload("W8", "items of a stream", 10_000, unit="items", goals=(Goal(OURS, PYRO5, 100, 20),)),
    Workload(
        "W12",
        "64 calls under way on one connection",
        6400,
        goals=(Goal(OURS, FLOOR, 1.0, 0.4), Goal(OURS_ASYNC, FLOOR, 1.0, 0.4)),
    ),
)

CAREFUL = Workload(
    "care",
    "the smallest call, with what makes it safe",
    2000,
    like="W1a",
    goals=(
        Goal(OURS, f"{OURS}, no limits", 1 / 1.1, 1 / 1.5),
        Goal(f"{OURS}, deadline", OURS, 1 / 1.1, 1 / 1.5),
        Goal(f"{OURS}, tls", f"{FLOOR}, tls", 1 / 1.4, 1 / 2.0),
        Goal(f"{OURS}, tls and deadline", f"{OURS}, tls", 1 / 1.1, 1 / 1.5),
    ),
)
NAME_GOALS = tuple(
    Goal(f"ours, {storage}", f"Pyro5, {storage}", 3.0, 1.0) for storage in ("memory", "sqlite")
)
NAMES = (
    Workload("lookup", "lookup of one of 10,000 names", 1000, goals=NAME_GOALS),
    Workload("register", "a name registered anew, beside 10,000 others", 200, goals=NAME_GOALS),
    Workload("prefix", "the 100 of 10,000 names with a prefix", 30, goals=NAME_GOALS),
)
"""What name servers are asked."""
REPLACED = Workload(
    "pyro4", "the smallest call of a program for Pyro4, whose Pyro4 is replaced", 2000, like="W1a"
)
IDLE = 1000
"""Connections of W9."""
IDLE_MB, IDLE_FIRST_MB = 3.0, 10.0
"""What they may take of the server's memory, and to begin with."""
