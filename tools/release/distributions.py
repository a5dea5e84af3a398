"""The packages of the working copy: versions, and what they ask of each other."""

import re
import tomllib
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version

from release.problem import ReleaseError
from release.versions import compatible, parse

_VERSION = re.compile(r'^__version__ = "([^"]*)"$', re.MULTILINE)


@dataclass(frozen=True)
class Distribution:
    """One package.

    Attributes:
        folder: Where its pyproject.toml is.
        project: The table ``project`` of it.
        about: The file that holds the version.
    """

    folder: Path
    project: dict[str, Any]
    about: Path

    @property
    def name(self) -> str:
        """Name on the package index."""
        name: str = self.project["name"]
        return name

    @property
    def path(self) -> str:
        """Its folder, as git calls it."""
        return f"packages/{self.folder.name}"

    @property
    def changelog(self) -> Path:
        """Its changelog."""
        return self.folder / "CHANGELOG.md"

    @property
    def version(self) -> Version:
        """The version in the working copy.

        Raises:
            ReleaseError: If the file does not hold exactly one.
        """
        found = _VERSION.findall(self.about.read_text(encoding="utf8"))
        if len(found) != 1:
            raise ReleaseError(
                f'{self.about} must have one line `__version__ = "X.Y.Z"`, it has {len(found)}'
            )
        return parse(found[0])

    def requirements(self) -> list[Requirement]:
        """Everything that it asks for, with and without extras."""
        extras = self.project.get("optional-dependencies", {})
        lists = [self.project.get("dependencies", []), *extras.values()]
        return [Requirement(text) for texts in lists for text in texts]

    def tag(self, version: Version) -> str:
        """The tag of a version."""
        return f"{self.name}-v{version}"

    def set_version(self, version: Version) -> None:
        """Write the version into its file."""
        text = self.about.read_text(encoding="utf8")
        self.about.write_text(_VERSION.sub(f'__version__ = "{version}"', text), encoding="utf8")

    def asks_for(self, other: "Distribution", version: Version) -> bool:
        """Whether all that it asks of another one lets that version in; also if it asks for nothing."""
        wanted = [one for one in self.requirements() if one.name == other.name]
        return all(one.specifier.contains(version, prereleases=True) for one in wanted)

    def ask_for(self, other: "Distribution", version: Version) -> None:
        """Change what it asks of another one, so that it lets that version in."""
        path = self.folder / "pyproject.toml"
        pattern = re.compile(rf'"({re.escape(other.name)}(?:\[[^\]"]*\])?)[<>=!~][^"]*"')
        text = pattern.sub(rf'"\1{compatible(version)}"', path.read_text(encoding="utf8"))
        path.write_text(text, encoding="utf8")


def read(folder: Path) -> Distribution:
    """Read one package."""
    settings = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf8"))
    return Distribution(folder, settings["project"], folder / settings["tool"]["hatch"]["version"]["path"])


def read_all(root: Path) -> dict[str, Distribution]:
    """All packages by name, each after those that it asks for: the order in which they are released."""
    folders = sorted(path.parent for path in root.glob("packages/*/pyproject.toml"))
    found = {one.name: one for one in map(read, folders)}
    sorter = TopologicalSorter({name: sorted(_ours(one, found)) for name, one in sorted(found.items())})
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():  # alphabetically among those that can go next
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return {name: found[name] for name in order}


def _ours(distribution: Distribution, found: dict[str, Distribution]) -> set[str]:
    return {one.name for one in distribution.requirements() if one.name in found} - {distribution.name}


def named(found: dict[str, Distribution], name: str) -> Distribution:
    """One of the packages.

    Raises:
        ReleaseError: If there is none of that name.
    """
    if name not in found:
        raise ReleaseError(f"there is no package {name!r}; there are {', '.join(sorted(found))}")
    return found[name]
