"""Look for inputs that break what must hold for every input, for some time, and tell how many there were.

Usage: python tools/fuzz [all|conversations|engine|serializers|framebuffer] [--minutes 1] [--seed S]
                         [--messages 1000000] [--coverage]

With ``--messages`` the engine gets that many, however long it takes. With ``--coverage`` one of the last two
is run by atheris, which must be installed, until it is interrupted. Exit status 1 if something was found.
"""

import argparse
import logging
import random
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

# Found as a package: the folder itself would make its modules look like top-level ones.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from fuzz import conversations, coverage, engine_target, framebuffer_target, mutations, serializers_target  # noqa: E402

KINDS = ("threaded", "multiplex", "asyncio")
AT_ONCE = 500
"""Inputs between two looks at the clock."""


def engine(rng: random.Random, count: int) -> str:
    """Push messages through engines."""
    answers = engine_target.run(rng, count)
    return f"messages, {answers} answers"


def serializers(rng: random.Random, count: int) -> str:
    """Read changed payloads."""
    serializers_target.run(rng, count)
    return "payloads"


def framebuffer(rng: random.Random, count: int) -> str:
    """Take changed messages apart."""
    known = [file.read_bytes() for file in coverage.files_of([str(framebuffer_target.CORPUS)])]
    for _ in range(count):
        framebuffer_target.check(mutations.mutated(rng, rng.choice(known), known))
    return "inputs"


def talk(seed: int, until: float) -> str:
    """Converse with all servers; gives what was done."""
    done = number = 0
    with conversations.servers(KINDS) as where:
        while time.monotonic() < until:
            done += conversations.converse(seed + number, where)
            number += 1
    return f"conversations: {number}, things done and answered as predicted: {done}"


TARGETS: dict[str, Callable[[random.Random, int], str]] = {
    "engine": engine,
    "serializers": serializers,
    "framebuffer": framebuffer,
}


def push(name: str, rng: random.Random, until: float, count: int) -> str:
    """Run one target for some time, or for some number of inputs if there is one."""
    begun, done, what = time.monotonic(), 0, ""
    if count:
        what, done = TARGETS[name](rng, count), count
    else:
        while time.monotonic() < until:
            what = TARGETS[name](rng, AT_ONCE).partition(",")[0]
            done += AT_ONCE
    taken = time.monotonic() - begun
    return f"{name}: {done} {what}, {done / taken:.0f} a second"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Fuzzers.")
    parser.add_argument("what", nargs="?", default="all", choices=["all", "conversations", *TARGETS])
    parser.add_argument("--minutes", type=float, default=1.0, help="all together (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=None, help="the same seed does the same again")
    parser.add_argument("--messages", type=int, default=0, help="this many for the engine, instead of a time")
    parser.add_argument("--coverage", action="store_true", help="let atheris look, where it is installed")
    return parser.parse_args()


def main() -> int:
    wanted = arguments()
    seed = wanted.seed if wanted.seed is not None else random.SystemRandom().getrandbits(32)
    logging.disable(logging.CRITICAL)  # what bad input makes a server log is not of interest here
    warnings.simplefilter("ignore")  # nor what Python's parser thinks of it
    if wanted.coverage:
        targets: dict[str, Callable[[Sequence[str]], int]] = {
            "serializers": serializers_target.main,
            "framebuffer": framebuffer_target.main,
        }
        if wanted.what not in targets:
            print("--coverage goes with 'serializers' or 'framebuffer'", file=sys.stderr)
            return 2
        return targets[wanted.what](["--fuzz"])
    what = ["conversations", *TARGETS] if wanted.what == "all" else [wanted.what]
    if wanted.messages:
        what = ["engine"]
    print(f"seed {seed}", flush=True)
    for name in what:
        until = time.monotonic() + wanted.minutes * 60 / len(what)
        try:
            if name == "conversations":
                print(talk(seed, until), flush=True)
            else:
                print(push(name, random.Random(seed), until, wanted.messages), flush=True)
        except Exception:
            traceback.print_exc()
            print(f"FOUND in {name}; the same again: --seed {seed}")
            return 1
    print("nothing found: no crash, no hang, no answer but protocol errors and correct replies")
    return 0


if __name__ == "__main__":
    sys.exit(main())
