"""Run stock Pyro4's example programs against the facade, or against stock Pyro4 itself.

They are fetched from the package index. Each scene runs in a private network of its own.

Usage: python tools/stock_examples [--python PYTHON] [--client PYTHON] [--quick] [--transcripts DIR] [NAME]

Exit status: 0 when all is well, 1 when not, 2 for wrong arguments, 77 when this machine cannot offer
what it takes.
"""

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

# Found as packages: the folder itself would make its modules look like top-level ones.
TOOLS = Path(__file__).resolve().parent.parent
sys.path[0] = str(TOOLS)
sys.path.append(str(TOOLS.parent / "tests-integration"))

import network_namespace  # noqa: E402
from scenes import language  # noqa: E402
from scenes.language import Scene  # noqa: E402
from scenes.playing import FAILED, NOT_RUN, PASSED, Result  # noqa: E402
from stock_suite import sdist  # noqa: E402
from stock_suite.problems import SuiteError, UnavailableError  # noqa: E402
from stock_suite.running import require_network  # noqa: E402

UNAVAILABLE = 77
SCENE_LIMIT_S = 180
PLAYER = Path(__file__).parent / "playing.py"
TABLE = Path(__file__).parent / "scenes.txt"
_ABOUT = """
import importlib.util, platform, sys
missing = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]
print(platform.python_version(), importlib.util.find_spec("Pyro4").origin, *missing)
"""


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="stock_examples", description="Stock Pyro4's example programs.")
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="only these scenes, or all scenes of these examples")
    add("--python", default=sys.executable, help="interpreter, with a Pyro4 installed (default: this one)")
    add("--client", metavar="PYTHON", help="another one for what a scene starts last, mostly its client")
    add("--quick", action="store_true", help="only scenes that take but a moment")
    add("--jobs", type=int, default=2, help="scenes at a time (default: %(default)s)")
    add("--transcripts", type=Path, metavar="DIR", help="write what the programs print there")
    return parser.parse_args()


def choose(known: Sequence[Scene], names: Sequence[str], *, quick: bool) -> list[Scene]:
    """Return the scenes that are asked for.

    Raises:
        SuiteError: If there is no scene of a name.
    """
    if nothing := [name for name in names if not any(name in (one.name, one.folder) for one in known)]:
        raise SuiteError(f"there is no scene {', '.join(nothing)}")
    return [
        one
        for one in known
        if (not names or one.name in names or one.folder in names) and (one.quick or not quick)
    ]


def missing_modules(python: str, chosen: Sequence[Scene]) -> list[str]:
    """Print which Python and Pyro4 there are; return the needed modules that are missing.

    Raises:
        SuiteError: If the interpreter has no Pyro4.
    """
    wanted = sorted({name for one in chosen for name in one.needs})
    done = subprocess.run(
        [python, "-c", _ABOUT, *wanted], capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode:
        raise SuiteError(f"{python} cannot be used, it needs an installed Pyro4:\n{done.stderr}")
    version, origin, *missing = done.stdout.split()
    print(f"Python {version}, {origin}")
    return missing


def write_hosts(folder: Path) -> Path:
    """Write a list of hosts with an answer to all that stock Pyro4 looks up; return the file."""
    path = folder / "hosts"
    path.write_text(f"127.0.0.1 localhost {socket.gethostname()}\n127.0.1.1 debian\n", encoding="utf8")
    return path


def run(scene: Scene, pythons: Sequence[str], archive: Path, work: Path) -> Result:
    """Play one scene with its own copy of the examples, in a network of its own."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=work) as copy:
        folder = sdist.unpack(archive, Path(copy), "examples") / scene.folder
        for file, old, new in scene.edits:
            content = (folder / file).read_text(encoding="utf8")
            if old not in content:
                return Result(scene.name, FAILED, f"{file} has no {old!r} to replace")
            (folder / file).write_text(content.replace(old, new), encoding="utf8")
        told = {"pythons": pythons, "folder": str(folder), "work": copy, "scene": asdict(scene)}
        command = [sys.executable, str(PLAYER)]
        inside = network_namespace.inside(command, hosts=write_hosts(Path(copy)))
        try:
            done = subprocess.run(
                inside,
                input=json.dumps(told),
                capture_output=True,
                text=True,
                check=False,
                timeout=SCENE_LIMIT_S,
            )
        except subprocess.TimeoutExpired:
            return Result(scene.name, FAILED, f"it did not end within {SCENE_LIMIT_S} s")
    if done.returncode:
        return Result(scene.name, FAILED, done.stderr, time.monotonic() - began)
    return Result(**json.loads(done.stdout))


def run_all(options: argparse.Namespace, work: Path) -> bool:
    """Run what was asked for, print what came of it, and return whether that is good."""
    chosen = choose(language.load(TABLE).scenes, options.names, quick=options.quick)
    require_network()
    archive = sdist.fetch(sdist.cache_folder())
    missing = missing_modules(options.python, chosen)
    if options.client:
        missing += missing_modules(options.client, chosen)

    def result(scene: Scene) -> Result:
        reason = scene.skip or ", ".join(f"needs {name}" for name in scene.needs if name in missing)
        if reason:
            return Result(scene.name, NOT_RUN, reason)
        others = sum(verb in ("ns", "start") for verb, _ in scene.steps) - 1
        pythons = [options.python] * others + [options.client or options.python]
        return run(scene, pythons, archive, work)

    results = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for one in pool.map(result, chosen):
            results.append(one)
            print(f"{one.scene:32} {one.outcome:8}{one.seconds:6.1f} s  {one.reason}", flush=True)
            if options.transcripts:
                options.transcripts.mkdir(parents=True, exist_ok=True)
                (options.transcripts / f"{one.scene}.txt").write_text(one.transcript, encoding="utf8")
            elif one.outcome == FAILED:
                print(one.transcript)
    numbers = {kind: sum(one.outcome == kind for one in results) for kind in (PASSED, FAILED, NOT_RUN)}
    print(*(f"{number} {kind}" for kind, number in numbers.items()), sep=", ")
    return not numbers[FAILED]


def main() -> int:
    """Run the tool; return the exit status."""
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="stock-examples-") as work:
        try:
            return 0 if run_all(options, Path(work)) else 1
        except UnavailableError as error:
            print(f"cannot run here: {error}")
            return UNAVAILABLE
        except SuiteError as error:
            print(error)
            return 1


if __name__ == "__main__":
    sys.exit(main())
