"""Give a package its next version: file, changelog, and what other packages ask of it."""

import datetime
import re

import public_api
from packaging.version import Version

from release import changelog, distributions, versions
from release.distributions import Distribution
from release.problem import ReleaseError
from release.repository import Repository
from release.versions import Change, Level

_NAME = re.compile(r"^(?:async |class |classmethod |staticmethod )*([\w.]+)")


def bump(repository: Repository, name: str, wanted: str, today: datetime.date) -> list[str]:
    """Edit the files for the next version of a package; gives what was done, a line each.

    Args:
        repository: Where; nothing in it may be uncommitted.
        name: Of the package.
        wanted: ``patch``, ``minor``, ``major``, or the version.
        today: Date of the release.

    Raises:
        ReleaseError: If the working copy is not clean, or the version contradicts what has changed.
    """
    repository.require_clean()
    found = distributions.read_all(repository.root)
    one = distributions.named(found, name)
    log = changelog.read(one.changelog)
    tags = repository.tags(name)
    version = versions.target(one.version, wanted)
    _check_version(one, version, tags)
    if log.change is None:
        raise ReleaseError(
            f"{one.path}/CHANGELOG.md says nothing that is not released: there is nothing to release"
        )
    if tags:
        _check_level(one, version, log.change, vanished(repository, one, tags[0]))
    text = log.released(version, today)
    done = [f"{name}: version {version}" + (f" after {one.version}" if version != one.version else "")]
    one.set_version(version)
    one.changelog.write_text(text, encoding="utf8")
    for fragment in log.fragments:
        fragment.unlink()
    done.append(f"{one.path}/CHANGELOG.md: {len(log.entries)} lines are those of {version}")
    for other in found.values():
        if not other.asks_for(one, version):
            other.ask_for(one, version)
            entry = f"- Needs {name} {version.major}.{version.minor}."
            told = changelog.read(other.changelog).with_entry(entry)
            other.changelog.write_text(told, encoding="utf8")
            done.append(
                f"{other.path} asks for {name}{versions.compatible(version)}, and says so; release it, too"
            )
    return done


def _check_version(one: Distribution, version: Version, tags: list[str]) -> None:
    if one.tag(version) in tags:
        raise ReleaseError(f"{one.name} {version} has been released: there is a tag {one.tag(version)}")
    if version < one.version:
        raise ReleaseError(f"{version} is lower than {one.version}, which {one.name} has")
    if version == one.version and tags:
        raise ReleaseError(
            f"{one.name} is {version} already, and {tags[0]} is its last release: choose a higher one"
        )


def _check_level(one: Distribution, version: Version, change: Change, lost: list[str]) -> None:
    """Refuse a version that says less than the changelog or API.txt."""
    level = versions.level_between(one.version, version)
    if lost and change is not Change.BREAKING:
        names = ", ".join(lost)
        raise ReleaseError(
            f"names that were public at the last release of {one.name} are gone: {names}. Put them back, "
            f"or tell users in a line of its changelog that begins with 'Breaking:'"
        )
    least = versions.needed(one.version, change)
    if level < least:
        raise ReleaseError(
            f"{one.name} {version} is a {level.name.lower()} release, but its changelog has a "
            f"{_LINES[change]}: `release bump {one.name} {least.name.lower()}` makes "
            f"{versions.raised(one.version, least)}"
        )


_LINES = {
    Change.FIX: "line of a repair",
    Change.FEATURE: "line of something new (a repair begins with 'Fixed:')",
    Change.BREAKING: "line that begins with 'Breaking:'",
}


def vanished(repository: Repository, one: Distribution, tag: str) -> list[str]:
    """Public names that were in API.txt at a tag and are not any more."""
    before = _names(repository.text_at(tag, f"{one.path}/API.txt") or "")
    return sorted(before - _names((one.folder / "API.txt").read_text(encoding="utf8")))


def _names(text: str) -> set[str]:
    return {match[1] for line in public_api.names_of(text) if (match := _NAME.match(line))}


def next_version(one: Distribution, change: Change | None, tags: list[str]) -> tuple[Version, Level | None]:
    """The least version that says what has changed, and its level; the first is the present one."""
    if not tags:
        return one.version, None
    level = versions.needed(one.version, change or Change.FIX)
    return versions.raised(one.version, level), level
