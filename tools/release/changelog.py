"""Changelogs: lines under "Unreleased" and in files of their own, and how they become the part of a version.

A line begins with ``- ``. ``- Breaking: ...`` breaks programs, ``- Fixed: ...`` only repairs; any other line
is something new. A line may instead be a file in the folder ``changes`` beside the changelog, where two
branches never meet in the same place.
"""

import datetime
import re
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from release.problem import ReleaseError
from release.versions import Change

UNRELEASED = "## Unreleased"
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_KINDS = {"Breaking:": Change.BREAKING, "Fixed:": Change.FIX}


@dataclass(frozen=True)
class Changelog:
    """The changelog of one package.

    Attributes:
        path: The file.
        before: Its text up to the heading of what is not released.
        entries: What is not released, one text each, those of the file first.
        after: The parts of earlier versions.
        fragments: The files of lines of their own.
    """

    path: Path
    before: str
    entries: tuple[str, ...]
    after: str
    fragments: tuple[Path, ...]

    @property
    def change(self) -> Change | None:
        """The weightiest of the entries; None if there are none."""
        return max(map(kind_of, self.entries), default=None)

    def released(self, version: Version, date: datetime.date) -> str:
        """The text when everything in it belongs to a version of that day.

        Raises:
            ReleaseError: If the version is there already.
        """
        title = f"## {version} ({date.isoformat()})"
        if any(heading.split()[0] == str(version) for heading in _HEADING.findall(self.after)):
            raise ReleaseError(f"{self.path} has a part for {version} already: choose a higher version")
        body = "\n".join(self.entries)
        return f"{self.before}{UNRELEASED}\n\n{title}\n\n{body}\n{self.after}"

    def with_entry(self, entry: str) -> str:
        """The text with one more line that is not released; the files beside it stay what they are."""
        own = self.entries[: len(self.entries) - len(self.fragments)]
        body = "\n".join((*own, entry))
        return f"{self.before}{UNRELEASED}\n\n{body}\n{self.after}"


def kind_of(entry: str) -> Change:
    """What an entry means for programs."""
    word = entry.removeprefix("- ").split(" ", 1)[0]
    return _KINDS.get(word, Change.FEATURE)


def read(path: Path) -> Changelog:
    """Read a changelog and the files beside it.

    Raises:
        ReleaseError: If the part of what is not released is missing, or holds something other than lines.
    """
    text = path.read_text(encoding="utf8")
    start = text.find(f"{UNRELEASED}\n")
    if start < 0:
        raise ReleaseError(f"{path} has no line {UNRELEASED!r}: add it above the part of the latest version")
    rest = text[start + len(UNRELEASED) + 1 :]
    following = _HEADING.search(rest)
    end = following.start() if following else len(rest)
    after = f"\n{rest[end:]}" if following else ""
    fragments = tuple(sorted((path.parent / "changes").glob("*.md")))
    entries = (*_entries(rest[:end], path), *(_fragment(file) for file in fragments))
    return Changelog(path, text[:start], entries, after, fragments)


def _entries(body: str, path: Path) -> list[str]:
    entries: list[list[str]] = []
    for line in body.strip("\n").split("\n") if body.strip() else []:
        if line.startswith("- "):
            entries.append([line])
        elif entries and (not line or line.startswith("  ")):
            entries[-1].append(line)
        else:
            raise ReleaseError(f"{path}: what is not released is lines that begin with '- ', not {line!r}")
    return ["\n".join(lines).rstrip() for lines in entries]


def _fragment(path: Path) -> str:
    """The one entry of a file, which may leave out the ``- ``."""
    text = path.read_text(encoding="utf8").strip("\n")
    if not text.startswith("- "):
        text = "- " + "\n  ".join(text.split("\n"))
    entries = _entries(text, path)
    if len(entries) != 1 or not text.removeprefix("- ").strip():
        raise ReleaseError(
            f"{path} must hold one line for the changelog, it holds {len(entries)}: use a file for each"
        )
    return entries[0]
