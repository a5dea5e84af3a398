"""Version numbers, and how far a change must raise them.

Before 1.0 a new minor version may break programs, and everything else is a patch; from 1.0 on it is as in
semantic versioning. The packages ask for each other that way: ``>=0.1,<0.2`` and ``>=1.2,<2``.
"""

from enum import IntEnum

from packaging.version import InvalidVersion, Version

from release.problem import ReleaseError


class Level(IntEnum):
    """Which number of a version is raised."""

    PATCH = 0
    MINOR = 1
    MAJOR = 2


class Change(IntEnum):
    """What a change means for programs that use the package."""

    FIX = 0
    FEATURE = 1
    BREAKING = 2


def parse(text: str) -> Version:
    """A version of three numbers.

    Raises:
        ReleaseError: If it is not one.
    """
    try:
        version = Version(text)
    except InvalidVersion:
        version = None
    if version is None or len(version.release) != 3 or str(version) != text or version.is_prerelease:
        raise ReleaseError(f"{text!r} is not a version of three numbers, such as 0.2.0")
    return version


def raised(version: Version, level: Level) -> Version:
    """The next version of that level."""
    major, minor, patch = version.release
    numbers = {
        Level.PATCH: (major, minor, patch + 1),
        Level.MINOR: (major, minor + 1, 0),
        Level.MAJOR: (major + 1, 0, 0),
    }
    return Version(".".join(map(str, numbers[level])))


def level_between(old: Version, new: Version) -> Level:
    """Which is the first number that differs."""
    if old.major != new.major:
        return Level.MAJOR
    return Level.MINOR if old.minor != new.minor else Level.PATCH


def needed(current: Version, change: Change) -> Level:
    """The least level that a change asks for."""
    if current.major:
        return Level(change)
    return Level.MINOR if change is Change.BREAKING else Level.PATCH


def target(current: Version, wanted: str) -> Version:
    """The version that ``patch``, ``minor``, ``major`` or a number means."""
    names = {level.name.lower(): level for level in Level}
    return raised(current, names[wanted]) if wanted in names else parse(wanted)


def compatible(version: Version) -> str:
    """What to ask for of a package that was developed together with this version of another one."""
    top = f"{version.major + 1}" if version.major else f"0.{version.minor + 1}"
    return f">={version.major}.{version.minor},<{top}"
