"""Mixed load with faults injected, for some minutes: nothing leaks, nothing acknowledged is lost.

Servers of each kind, one of them behind TLS and one that is drained and started again all the time, a name
server with leases, blocking and asyncio clients that cut their own connections, and clients that are killed.

Usage: python tools/soak [--minutes 10] [--seed S]

Exit status 1 if something is wrong.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

# Found as a package: the folder itself would make its modules look like top-level ones.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from soak.overseer import Overseer  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description="A long mixed load with faults.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=None)
    wanted = parser.parse_args()
    seed = wanted.seed if wanted.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        problems = Overseer(Path(folder), seed).run(
            wanted.minutes * 60, say=lambda text: print(text, flush=True)
        )
    for problem in problems:
        print(f"WRONG: {problem}")
    print("nothing leaked, nothing acknowledged was lost" if not problems else f"{len(problems)} problems")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
