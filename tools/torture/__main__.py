"""Besiege every kind of server with every kind of crowd, and show what a well-behaved client notices.

The client makes one call after the other, on the server's core; the crowd is a process of its own on another
core, as it would be on another machine.

Usage: python tools/torture [--transports threaded ...] [--crowds silent ...] [--seconds 3] [--scale 1.0]
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

# Found as a package: the folder itself would make its modules look like top-level ones.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from pyro_core.testing.certificates import Authority, have_openssl  # noqa: E402
from torture import siege  # noqa: E402
from torture.crowds import SIZES  # noqa: E402

GOAL = 2.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Hostile crowds against real servers.")
    parser.add_argument("--transports", nargs="+", default=siege.TRANSPORTS, choices=siege.TRANSPORTS)
    parser.add_argument("--crowds", nargs="+", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--seconds", type=float, default=3.0, help="per crowd (default: %(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="larger or smaller crowds")
    parser.add_argument("--message-mib", type=int, default=16, help="the server's largest message")
    return parser.parse_args()


def main() -> int:
    wanted = arguments()
    beyond = 0
    print(f"{'server':10} {'crowd':15} {'peers':>5} {'quiet ms':>9} {'p95 quiet':>9} {'p95 siege':>9} "
          f"{'worst':>8} {'ratio':>6} {'MiB before':>10} {'most':>6}")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, siege.room_for(3000):
        options = ["--message-mib", str(wanted.message_mib)]
        if have_openssl():
            options += ["--certificate", *Authority(folder).issue("server")]
        for servertype in wanted.transports:
            for kind in wanted.crowds:
                if kind.endswith("TLS") and "--certificate" not in options:
                    continue
                count = max(int(SIZES[kind] * wanted.scale), 1)
                with siege.fortress(servertype, *options, apart=True) as place:
                    seen = siege.siege(place, {kind: count}, wanted.seconds)
                beyond += seen.ratio > GOAL
                print(f"{servertype:10} {kind:15} {count:5} {statistics.median(seen.quiet) * 1e3:9.3f} "
                      f"{siege.at(0.95, seen.quiet) * 1e3:9.3f} {siege.at(0.95, seen.under) * 1e3:9.3f} "
                      f"{max(seen.under) * 1e3:8.2f} {seen.ratio:6.2f} {seen.before:10.1f} {seen.most:6.1f}",
                      flush=True)  # fmt: skip
    print(f"every call was answered; p95 above {GOAL:g} quiet medians: {beyond} times")
    return 0


if __name__ == "__main__":
    sys.exit(main())
