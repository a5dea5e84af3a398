"""Run the tests on every Python that the packages support and that is found here; print a table.

Usage: python tools/matrix.py [--python 3.12]... [--fetch] [PYTEST_ARGUMENT...]

Without arguments for pytest the tests of the packages are run. Interpreters are looked for on PATH and among
those of pyenv; with ``--fetch`` uv downloads the ones that are missing. Each gets a new environment with the
packages and their test tools, as in hatch.toml. Exit status 1 if a test failed or an environment could
not be made; a Python that was not found is told, and fails only if it was asked for with ``--python``.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import default_environment

ROOT = Path(__file__).resolve().parent.parent
CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.\d+)")
NO_TESTS_COLLECTED = 5


@dataclass(frozen=True)
class Outcome:
    """How one Python did.

    Attributes:
        version: As asked for, such as ``3.12``.
        verdict: ``passed``, ``FAILED``, ``not found`` or what could not be done.
        counts: Tests by how they ended, and seconds; empty if none were run.
    """

    version: str
    verdict: str
    counts: str = ""

    @property
    def failed(self) -> bool:
        """Whether something went wrong, other than that there is no such Python."""
        return self.verdict not in {"passed", "not found"}


def supported(root: Path) -> list[str]:
    """The versions of Python that the classifiers of pyro-core name."""
    project = tomllib.loads((root / "packages/pyro-core/pyproject.toml").read_text(encoding="utf8"))[
        "project"
    ]
    return [match[1] for text in project["classifiers"] if (match := CLASSIFIER.fullmatch(text))]


def candidates(version: str) -> Iterator[Path]:
    """Where a Python of this version may be: this one, on PATH, and pyenv's, newest first."""
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        yield Path(sys.executable)
    if found := shutil.which(f"python{version}"):
        yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    patches = (
        path for path in pyenv.glob(f"{version}.*/bin/python") if path.parts[-3].split(".")[-1].isdigit()
    )
    yield from sorted(patches, key=lambda path: int(path.parts[-3].split(".")[-1]), reverse=True)


def find(version: str, fetch: bool) -> str | None:
    """An interpreter of this version that starts, as uv takes it; None if there is none."""
    tell = "import sys; print('%d.%d' % sys.version_info[:2])"
    for path in candidates(version):
        done = subprocess.run([path, "-I", "-c", tell], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip() == version:
            return str(path)
    return version if fetch else None


def environment(python: str, folder: Path) -> Path:
    """Make an environment with all packages, editable, and their test tools; return its Python.

    Raises:
        subprocess.CalledProcessError: If uv cannot; its output has been printed.
    """
    wanted = default_environment.read(ROOT)
    editable = [word for member in wanted.members for word in ("-e", f"{member.folder}{member.suffix}")]
    subprocess.run(["uv", "venv", "--quiet", "--python", python, folder], check=True)
    made = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    command = ["uv", "pip", "install", "--quiet", "--python", str(made)]
    subprocess.run([*command, *editable, *wanted.dependencies], check=True)
    return made


def counts(report: Path) -> str:
    """What a report in JUnit's format says, in a line."""
    suites = list(ET.parse(report).getroot().iter("testsuite"))

    def total(name: str) -> int:
        return sum(int(suite.get(name, 0)) for suite in suites)

    bad, skipped = total("failures") + total("errors"), total("skipped")
    seconds = sum(float(suite.get("time", 0)) for suite in suites)
    return f"{total('tests') - bad - skipped} passed, {bad} failed, {skipped} skipped in {seconds:.0f} s"


def run(version: str, fetch: bool, arguments: list[str]) -> Outcome:
    """Run the tests on one Python."""
    python = find(version, fetch)
    if python is None:
        return Outcome(version, "not found")
    with tempfile.TemporaryDirectory(prefix=f"pyro-{version}-") as name:
        folder = Path(name)
        try:
            made = environment(python, folder / "env")
        except (OSError, subprocess.CalledProcessError) as error:
            return Outcome(version, f"no environment: {error}")
        report = folder / "report.xml"
        inherited = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
        command = [str(made), "-m", "pytest", f"--junitxml={report}", *arguments]
        status = subprocess.run(command, cwd=ROOT, env=inherited, check=False).returncode
        if not report.exists():
            return Outcome(version, f"FAILED: pytest ended with status {status} before it ran a test")
        verdict = "passed" if status == 0 else "no tests" if status == NO_TESTS_COLLECTED else "FAILED"
        return Outcome(version, verdict, counts(report))


def table(outcomes: list[Outcome]) -> str:
    """The outcomes, a line each."""
    width = max(len(outcome.verdict) for outcome in outcomes)
    lines = (f"Python {one.version:<5} {one.verdict:<{width}}  {one.counts}".rstrip() for one in outcomes)
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run what was asked for; return the exit status."""
    parser = argparse.ArgumentParser(description="Run the tests on every supported Python that is found.")
    parser.add_argument("--python", action="append", metavar="3.X", help="only this version; may be repeated")
    parser.add_argument("--fetch", action="store_true", help="let uv download a Python that is not found")
    asked, rest = parser.parse_known_args(arguments)
    # A shell starts what runs in the background without Ctrl-C; tests of Ctrl-C would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    tests = rest or [str(path) for path in sorted(ROOT.glob("packages/*/tests"))]
    outcomes = [run(version, asked.fetch, tests) for version in asked.python or supported(ROOT)]
    print(table(outcomes))
    missing = [one for one in outcomes if one.verdict == "not found"]
    return int(
        any(one.failed for one in outcomes) or bool(asked.python and missing) or len(missing) == len(outcomes)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
