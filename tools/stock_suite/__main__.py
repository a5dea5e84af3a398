"""Run stock Pyro4's own test suite against the facade, or against stock Pyro4 itself.

The suite is fetched from the package index. Each of its files runs in a process and a private network
of its own.

Usage: python tools/stock_suite [--implementation stock] [--file test_core] [-k EXPRESSION] [--show NODEID]

Exit status: 0 when all is well, 1 when not, 2 for wrong arguments, 77 when this machine cannot offer
what it takes.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Found as a package: the folder itself would make its modules look like top-level ones.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from stock_suite import choosing, environments, judging, report, running, sdist  # noqa: E402
from stock_suite.outcomes import FileRun  # noqa: E402
from stock_suite.problems import SuiteError, UnavailableError  # noqa: E402

UNAVAILABLE = 77
# These take longest and come first, so that none of them is left alone at the end.
LONG = ("test_server", "test_server_timeout", "test_naming", "test_core", "test_daemon")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="stock_suite", description="Stock Pyro4's own tests.")
    add = parser.add_argument
    add("--implementation", choices=sorted(environments.DISTRIBUTION), default="facade")
    add("--python", default=sys.executable, help="interpreter for the suite: a path or version")
    add("--environment", type=Path, metavar="DIR", help="virtual environment to use again, or to make there")
    add("--jobs", type=int, default=2, help="files at a time (default: %(default)s)")
    add("--file", action="append", default=[], metavar="NAME", help="only this file, such as test_core")
    add("-k", dest="expression", help="only tests that match, as with pytest")
    add("--show", action="append", default=[], metavar="NODEID", help="run only this, print all about it")
    add("--json", type=Path, metavar="FILE", help="write everything there, too")
    return parser.parse_args()


def run_files(suite: running.Suite, nodes: Sequence[str], options: argparse.Namespace) -> dict[str, FileRun]:
    """Run the files of some node ids, several at a time."""

    def run(file: str) -> FileRun:
        further = ["-k", options.expression] if options.expression else []
        if options.show:
            further += [node for node in nodes if judging.file_of(node) == file]
        result = running.run_file(suite, file, further)
        print(f"{file}: {result.seconds:.1f} s {result.problem}".rstrip(), file=sys.stderr, flush=True)
        return result

    files = sorted({judging.file_of(node) for node in nodes})
    files.sort(key=lambda file: LONG.index(file) if file in LONG else len(LONG))
    with ThreadPoolExecutor(options.jobs) as pool:
        return dict(zip(files, pool.map(run, files), strict=True))


def run_suite(options: argparse.Namespace, work: Path) -> bool:
    """Run what was asked for, print what came of it, and return whether that is good."""
    nodes = choosing.choose(sorted(judging.load_groups()), options.file, options.show)
    environments.require(options.implementation)
    running.require_network()
    archive = sdist.fetch(sdist.cache_folder())
    folder = (options.environment or work / "environment").absolute()
    environment = environments.prepare(folder, options.implementation, options.python)
    print(f"{options.implementation}, Python {environment.version}: {environment.origin}")
    suite = running.Suite(archive, environment, work, running.write_hosts(work))
    expected = judging.load(options.implementation, ipv6=running.has_ipv6(suite))
    runs = run_files(suite, nodes, options)
    verdict = judging.judge(expected, runs, nodes)
    if options.show:
        print(*report.whole(verdict, [node for node in nodes if node in verdict.outcomes], runs), sep="\n")
    print(*report.table(verdict, expected, runs), "", *report.failures(verdict), sep="\n")
    if options.json:
        report.write(options.json, verdict, expected, runs)
    return verdict.good


def main() -> int:
    """Run the tool; return the exit status."""
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="stock-suite-") as work:
        try:
            good = run_suite(options, Path(work))
        except UnavailableError as error:
            print(f"cannot run here: {error}")
            return UNAVAILABLE
        except SuiteError as error:
            print(error)
            return 1
    print("all as expected" if good else "NOT as expected")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
