"""Break each promise of docs/reference/promises.md once, in a copy of the code, and see its test fail.

Usage: python tools/broken_promises [NUMBER ...]

Exit status: 0 when each test failed as it has to, 1 when one did not, 2 for wrong arguments.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Found as a package: the folder itself would make its modules look like top-level ones.
TOOLS = Path(__file__).resolve().parent.parent
sys.path[0] = str(TOOLS)

from broken_promises.breakages import Breakage, BreakageError, load  # noqa: E402

ROOT = TOOLS.parent
COPIED = ("packages", "tests-integration", "tools", "examples", "docs", "pyproject.toml", "hatch.toml")
TESTS_FAILED = 1
"""Exit status of pytest when tests ran and failed."""
LIMIT_S = 150


def copy_to(folder: Path) -> None:
    """Copy what the tests need."""
    ignored = shutil.ignore_patterns("__pycache__", ".*", "node_modules")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder)


def outcome(breakage: Breakage, tree: Path) -> str:
    """What the test says of the broken promise; empty if it fails as it has to."""
    path = tree / breakage.file
    whole = path.read_text(encoding="utf8")
    # Not the installed packages, which are not broken; nor compiled ones, which may be older than a second.
    sources = os.pathsep.join(str(source) for source in sorted(tree.glob("packages/*/src")))
    environment = {**os.environ, "PYTHONPATH": sources, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", breakage.test]
    if breakage.select:
        command += ["-k", breakage.select]
    path.write_text(breakage.applied(whole), encoding="utf8")
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"the test did not end within {LIMIT_S} s"
    finally:
        path.write_text(whole, encoding="utf8")
    if done.returncode == TESTS_FAILED and "\nFAILED " in done.stdout:
        return ""
    return f"pytest ended with {done.returncode}, expected a test that fails:\n{done.stdout[-1500:]}"


def main() -> int:
    """Run the tool; return the exit status."""
    parser = argparse.ArgumentParser(prog="broken_promises", description="Break promises to test tests.")
    parser.add_argument("numbers", nargs="*", metavar="NUMBER", help="only these promises (default: all)")
    wanted = parser.parse_args().numbers
    unnoticed = 0
    try:
        chosen = [each for each in load() if not wanted or each.promise in wanted]
        if unknown := set(wanted) - {each.promise for each in chosen}:
            parser.error(f"nothing is known that breaks {', '.join(sorted(unknown))}")
        with tempfile.TemporaryDirectory(prefix="broken-promises-") as folder:
            copy_to(Path(folder))
            for each in chosen:
                began = time.monotonic()
                said = outcome(each, Path(folder))
                unnoticed += bool(said)
                verdict = f"NOT NOTICED {said}" if said else "noticed"
                print(
                    f"{each.promise:4} {each.what}: {verdict} ({time.monotonic() - began:.1f} s)", flush=True
                )
    except BreakageError as problem:
        print(problem)
        return 1
    print(f"{len(chosen)} promises broken, {unnoticed} of them without a test that fails")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
