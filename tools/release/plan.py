"""What has changed since the last release of each package, and what to release in which order."""

from dataclasses import dataclass

from packaging.version import Version

from release import bumping, changelog, distributions
from release.distributions import Distribution
from release.repository import Repository
from release.versions import Change


@dataclass(frozen=True)
class Step:
    """What there is to do for one package.

    Attributes:
        distribution: The package.
        last: Tag of its last release; None if there was none.
        version: To release next; None if there is nothing to release.
        reasons: Why, or what is missing.
        subjects: Of the commits since then.
    """

    distribution: Distribution
    last: str | None
    version: Version | None
    reasons: tuple[str, ...]
    subjects: tuple[str, ...]


def plan(repository: Repository) -> list[Step]:
    """A step for each package, in the order of releases."""
    next_versions: dict[str, Version] = {}
    steps = []
    found = distributions.read_all(repository.root)
    for one in found.values():
        tags = repository.tags(one.name)
        subjects = repository.subjects(tags[0] if tags else None, one.path)
        log = changelog.read(one.changelog)
        forced = [
            f"must ask for {name} {version}"
            for name, version in next_versions.items()
            if not one.asks_for(found[name], version)
        ]
        reasons = []
        if not tags:
            reasons.append("first release")
        if log.change is not None:
            reasons.append(f"{len(log.entries)} lines in the changelog, {_MEANING[log.change]}")
        if log.change is None and (not tags or one.version > _version_of(tags[0])):
            version = one.version
            reasons.append(f"{version} is prepared, and has no tag")
        elif log.change is not None or forced:
            version, _ = bumping.next_version(one, log.change, tags)
        else:
            version = None
            if subjects:
                reasons.append("changed, but its changelog says nothing: nothing that users notice?")
        if version is not None and version != one.version:
            next_versions[one.name] = version
        steps.append(Step(one, tags[0] if tags else None, version, (*reasons, *forced), tuple(subjects)))
    return steps


_MEANING = {
    Change.FIX: "only repairs",
    Change.FEATURE: "with something new",
    Change.BREAKING: "which break programs",
}


def _version_of(tag: str) -> Version:
    return Version(tag.rpartition("-v")[2])


def text(steps: list[Step], commits: int) -> str:
    """The plan for people.

    Args:
        steps: What there is to do.
        commits: How many commits to show for each package.
    """
    lines = []
    for number, step in enumerate((one for one in steps if one.version), 1):
        one = step.distribution
        lines.append(f"{number}. {one.name} {step.version}  ({'; '.join(step.reasons)})")
        lines.append(f"   {len(step.subjects)} commits since {step.last or 'the beginning'}")
        lines += [f"     {subject}" for subject in step.subjects[:commits]]
        if len(step.subjects) > commits > 0:
            lines.append(f"     and {len(step.subjects) - commits} more")
    for step in steps:
        if step.version is None:
            said = "; ".join(step.reasons) or f"unchanged since {step.last}"
            lines.append(f"-  {step.distribution.name} {step.distribution.version}: {said}")
    return "\n".join(lines)
