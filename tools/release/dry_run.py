"""Everything that a release does, in a temporary clone, up to the point where it would be published."""

import datetime
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from release import artefacts, building, bumping, changelog, distributions, installing, metadata
from release import plan as plans
from release.building import Built
from release.distributions import Distribution
from release.problem import ReleaseError
from release.repository import Repository


@dataclass
class Rehearsal:
    """A release that is not published.

    Attributes:
        clone: The temporary clone.
        package: Name of what is released.
        out: Where files and bill of materials go.
        work: For what is needed on the way.
        tell: Takes each line of the report.
        prepared: Whether the version was prepared here, and not before.
        done: Steps, what they found, and how long they took.
    """

    clone: Repository
    package: str
    out: Path
    work: Path
    tell: Callable[[str], object]
    prepared: bool = False
    done: list[str] = field(default_factory=list)

    def step(self, title: str, action: Callable[[], str]) -> None:
        """Do one step and keep its line of the summary."""
        self.tell(f"==> {title}")
        began = time.monotonic()
        found = action()
        line = f"{title}: {found} ({time.monotonic() - began:.0f} s)"
        self.done.append(line)
        self.tell(f"    {found}")

    def run(self, wanted: str | None, tests: Sequence[str], today: datetime.date) -> Distribution:
        """All steps; gives the package as it would be released.

        Raises:
            ReleaseError: From the step that fails.
        """
        self.step("version", lambda: self.bump(wanted, today))
        found = distributions.read_all(self.clone.root)
        one = found[self.package]
        self.step("metadata, pins, pages, API.txt", lambda: self.metadata(found))
        built: dict[str, Built] = {}
        self.step("build, twice each", lambda: self.build(found, built))
        limits = installing.constraints(built, self.work)
        self.step("contents, twine check --strict, page", lambda: self.contents(one, built[one.name]))
        alone = self.work / "single"
        self.step("the wheel alone", lambda: installing.check_alone(built[one.name], limits, alone))
        bill = lambda: installing.write_bill(built[one.name], alone, self.out).name  # noqa: E731
        self.step("bill of materials", bill)
        self.step("tests with the wheels", lambda: self.test(built, limits, tests))
        self.step("the clone afterwards", self.unchanged)
        return one

    def bump(self, wanted: str | None, today: datetime.date) -> str:
        """Prepare the version in the clone, unless that has been done; gives which."""
        one = distributions.named(distributions.read_all(self.clone.root), self.package)
        log = changelog.read(one.changelog)
        tags = self.clone.tags(self.package)
        if wanted is None and log.change is None:
            if one.tag(one.version) in tags:
                raise ReleaseError(
                    f"{self.package} {one.version} has been released, and its changelog says nothing new: "
                    f"there is nothing to release"
                )
            return f"{one.version}, prepared before"
        version, _ = bumping.next_version(one, log.change, tags)
        self.prepared = True
        lines = bumping.bump(self.clone, self.package, wanted or str(version), today)
        who = ("-c", "user.name=release", "-c", "user.email=release@localhost")
        self.clone.git(*who, "commit", "--quiet", "--all", "--message", lines[0])
        return "; ".join(lines)

    def metadata(self, found: dict[str, Distribution]) -> str:
        """Everything that can be found without building."""
        if problems := list(metadata.findings(self.clone.root, found)):
            raise ReleaseError("\n".join(problems))
        return f"{len(found)} packages fit together"

    def build(self, found: dict[str, Distribution], built: dict[str, Built]) -> str:
        """Build the package, and all others for the tests."""
        for name, one in found.items():
            built[name] = building.build(
                self.clone, one, self.out if name == self.package else self.work / "dist"
            )
        sums = building.digests(built[self.package].files)
        return f"{len(built)} packages the same byte by byte; " + ", ".join(
            f"{name} sha256 {digest}" for name, digest in sums.items()
        )

    def contents(self, one: Distribution, built: Built) -> str:
        """Look into the files."""
        artefacts.check(one, built)
        return "licence, classifiers and metadata are as they should be"

    def test(self, built: dict[str, Built], limits: Path, tests: Sequence[str]) -> str:
        """Run tests with the wheels."""
        python = installing.environment(self.clone.root, built, limits, self.work / "env")
        return installing.run_tests(self.clone.root, python, tests)

    def unchanged(self) -> str:
        """Nothing of all this has written into the sources."""
        self.clone.require_clean()
        return "clean"


def dry_run(
    repository: Repository,
    package: str,
    wanted: str | None,
    tests: Sequence[str],
    out: Path | None,
    today: datetime.date,
    tell: Callable[[str], object],
) -> None:
    """Rehearse the release of one package from the current commit, and tell what a real one would do next.

    Args:
        repository: The working copy; only what is committed counts.
        package: Its name.
        wanted: Version or level; None for the least that its changelog asks for.
        tests: Arguments for pytest.
        out: Where to leave the files; None to throw them away.
        today: Date of the release.
        tell: Takes each line of the report.

    Raises:
        ReleaseError: If something is not right.
    """
    with tempfile.TemporaryDirectory(prefix="pyro-release-") as name:
        work = Path(name)
        clone = repository.clone(work / "clone")
        rehearsal = Rehearsal(clone, package, (out or work / "out").resolve(), work, tell)
        earlier = _to_release_before(clone, package)
        one = rehearsal.run(wanted, tests, today)
        tell(f"\n{package} {one.version} could be released. What was done:")
        for line in rehearsal.done:
            tell(f"  {line}")
        if earlier:
            tell(f"To release before it, as they have changed, too: {', '.join(earlier)}")
        if not one.project.get("urls"):
            tell("Its page on the index will link to nothing: pyproject.toml has no [project.urls] yet.")
        tell("Nothing was published. A release would go on with:")
        for line in commands(one, rehearsal.prepared):
            tell(f"  {line}")


def _to_release_before(clone: Repository, package: str) -> list[str]:
    """Packages with something to release that this one asks for."""
    found = distributions.read_all(clone.root)
    asked = {requirement.name for requirement in distributions.named(found, package).requirements()}
    steps = plans.plan(clone)
    return [
        one.distribution.name for one in steps if one.version and one.distribution.name in asked - {package}
    ]


def commands(one: Distribution, bump: bool) -> list[str]:
    """What a real release runs next.

    Args:
        one: The package, with the version that it is to have.
        bump: Whether the version is still to be prepared.
    """
    tag = one.tag(one.version)
    stem = f"dist/{one.name.replace('-', '_')}-{one.version}"
    first = [f"hatch run release bump {one.name} {one.version} --commit"] if bump else []
    return [
        *first,
        f"git tag --annotate {tag} --message '{one.name} {one.version}'",
        f"hatch run release build {one.name} --out dist",
        f"hatch run release sbom {one.name} --out dist",
        f"git push origin HEAD {tag}",
        f"hatch run release:twine upload {stem}.tar.gz {stem}-py3-none-any.whl",
    ]
