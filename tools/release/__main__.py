"""Releases of the packages. `hatch run release --help` tells the commands; docs/releasing.md the whole way.

Nothing here publishes anything: that is left to a person and the commands that `dry-run` prints at its end.
"""

import argparse
import datetime
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# Found as a package: the folder itself would make its modules look like top-level ones.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

import check_wheels  # noqa: E402
import public_api  # noqa: E402

from release import artefacts, building, bumping, distributions, dry_run, installing, metadata, plan  # noqa: E402
from release.building import Built  # noqa: E402
from release.problem import ReleaseError  # noqa: E402
from release.repository import Repository  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


def show_plan(repository: Repository, asked: argparse.Namespace) -> None:
    """What to release, in which order."""
    print(plan.text(plan.plan(repository), asked.commits))


def bump(repository: Repository, asked: argparse.Namespace) -> None:
    """Prepare the next version of a package."""
    lines = bumping.bump(repository, asked.package, asked.version, today())
    print("\n".join(lines))
    command = ("commit", "--quiet", "--all", "--message", lines[0])
    if asked.commit:
        repository.git(*command)
    else:
        print(f"look at it with `git diff`, then: git commit --all --message '{lines[0]}'")


def check(repository: Repository, asked: argparse.Namespace) -> None:
    """Pins, metadata, pages, licence files, and what built files look like."""
    found = distributions.read_all(repository.root)
    chosen = [distributions.named(found, name) for name in asked.packages] or list(found.values())
    problems = list(metadata.findings(repository.root, found))
    with tempfile.TemporaryDirectory(prefix="pyro-check-") as work:
        for one in () if asked.no_build else chosen:
            try:
                artefacts.check(one, building.build(repository, one, Path(work)))
                print(
                    f"{one.name} {one.version}: built twice the same; contents, metadata and page are right"
                )
            except ReleaseError as error:
                problems.append(f"{one.name}: {error}")
    if problems:
        raise ReleaseError("\n".join(problems))
    print(f"{len(found)} packages fit together")


def build(repository: Repository, asked: argparse.Namespace) -> None:
    """Build a package, twice and the same."""
    one = distributions.named(distributions.read_all(repository.root), asked.package)
    built = building.build(repository, one, asked.out)
    artefacts.check(one, built)
    for name, digest in building.digests(built.files).items():
        print(f"{digest}  {asked.out / name}")


@contextmanager
def everything_built(repository: Repository) -> Iterator[tuple[Path, dict[str, Built], Path]]:
    """All packages of the current commit, built into a temporary folder.

    Yields:
        The folder, what was built, and the file that makes it be used.
    """
    with tempfile.TemporaryDirectory(prefix="pyro-wheels-") as name:
        work = Path(name)
        found = distributions.read_all(repository.root)
        built = {name: building.build(repository, one, work / "dist") for name, one in found.items()}
        yield work, built, installing.constraints(built, work)


def sbom(repository: Repository, asked: argparse.Namespace) -> None:
    """Install the wheel alone, and write what came along."""
    distributions.named(distributions.read_all(repository.root), asked.package)
    with everything_built(repository) as (work, built, limits):
        print(installing.check_alone(built[asked.package], limits, work / "single"))
        asked.out.mkdir(parents=True, exist_ok=True)
        print(installing.write_bill(built[asked.package], work / "single", asked.out))


def test(repository: Repository, asked: argparse.Namespace) -> None:
    """Run tests with wheels in place of the sources."""
    with everything_built(repository) as (work, built, limits):
        python = installing.environment(repository.root, built, limits, work / "env")
        print(installing.run_tests(repository.root, python, chosen_tests(asked)))


def api(repository: Repository, asked: argparse.Namespace) -> None:
    """Bring API.txt up to date."""
    if status := public_api.main(["--write", *asked.packages]):
        raise SystemExit(status)


def rehearse(repository: Repository, asked: argparse.Namespace) -> None:
    """All of a release but publishing."""
    tests = chosen_tests(asked)
    dry_run.dry_run(repository, asked.package, asked.version, tests, asked.out, today(), show)


def show(line: str) -> None:
    """Print at once: some steps take a minute."""
    print(line, flush=True)


def chosen_tests(asked: argparse.Namespace) -> Sequence[str]:
    """What pytest is to run."""
    return asked.tests or (installing.ALL_TESTS if asked.all_tests else installing.TESTS)


def today() -> datetime.date:
    """Today's date, everywhere the same."""
    return datetime.datetime.now(datetime.UTC).date()


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="hatch run release", description="Releases of the packages; nothing is published."
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, function: object, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(function=function)
        return command

    one = add("plan", show_plan, "what has changed since the last tags, and what to release in which order")
    one.add_argument(
        "--commits", type=int, default=3, metavar="N", help="commits to show for each package (3)"
    )
    one = add("bump", bump, "give a package its next version: file, changelog, what others ask of it")
    one.add_argument("package")
    one.add_argument("version", help="patch, minor, major, or X.Y.Z")
    one.add_argument("--commit", action="store_true", help="commit it as well")
    one = add("api", api, "bring the lists of public names (API.txt) up to date")
    one.add_argument("packages", nargs="*", metavar="PACKAGE")
    one = add("check", check, "pins, metadata, pages, licence files, API.txt, built files")
    one.add_argument("packages", nargs="*", metavar="PACKAGE", help="build only these")
    one.add_argument("--no-build", action="store_true", help="only what needs no building")
    one = add("build", build, "build sdist and wheel of the current commit, twice and the same")
    one.add_argument("package")
    one.add_argument(
        "--out", type=Path, default=Path("dist"), metavar="FOLDER", help="where to put them (dist)"
    )
    one = add("sbom", sbom, "install the wheel alone and write its bill of materials (CycloneDX)")
    one.add_argument("package")
    one.add_argument(
        "--out", type=Path, default=Path("dist"), metavar="FOLDER", help="where to put it (dist)"
    )
    one = add("test", test, "run tests with built wheels in place of the sources")
    _add_tests(one)
    one = add("dry-run", rehearse, "all of a release in a temporary clone, up to publishing")
    one.add_argument("package")
    one.add_argument(
        "--version", metavar="V", help="patch, minor, major, or X.Y.Z; else what the changelog asks for"
    )
    one.add_argument("--out", type=Path, metavar="FOLDER", help="keep the built files there")
    _add_tests(one)
    return top


def _add_tests(command: argparse.ArgumentParser) -> None:
    command.add_argument("--all-tests", action="store_true", help="all tests, not only a chosen few")
    command.add_argument("--tests", nargs="+", metavar="ARGUMENT", help="these arguments for pytest instead")


def main(arguments: Sequence[str]) -> int:
    """Run a command; return the exit status."""
    asked = parser().parse_args(arguments)
    if missing := [name for name in ("git", "uv") if shutil.which(name) is None]:
        print(f"not found on PATH: {', '.join(missing)}; use `hatch run release`", file=sys.stderr)
        return 2
    try:
        asked.function(Repository(ROOT), asked)
    except (ReleaseError, LookupError, check_wheels.CheckError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
