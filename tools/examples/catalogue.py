"""Which examples there are: what each shows, its scenes, and the index in ``examples/README.md``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scenes import language
from scenes.language import Scene

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
INDEX = EXAMPLES / "README.md"
OTHERS = "further examples"
GROUPS = (
    "first steps",
    "calls",
    "objects and sessions",
    "names",
    "data",
    "servers and event loops",
    "security",
    "applications",
    "plugins",
    OTHERS,
)
HEAD = """# Examples

Each folder is one story that runs by itself. `hatch run examples` plays all of them, `hatch run examples
NAME` one; what is typed and what must be seen stands in its `scenes.txt`. The tests play them, too.

<!-- From here on this is made by `hatch run examples --index`, from the README of each example. -->
"""


class CatalogueError(Exception):
    """An example is not complete, or there is none of that name."""


@dataclass(frozen=True)
class Example:
    """One folder.

    Attributes:
        folder: Where it is.
        summary: First paragraph of its README, in one line.
        group: One of GROUPS.
        scenes: What is played, called ``FOLDER`` or ``FOLDER/SCENE``.
    """

    folder: Path
    summary: str
    group: str
    scenes: Sequence[Scene]

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name


def load(examples: Path = EXAMPLES) -> list[Example]:
    """Read all examples.

    Raises:
        CatalogueError: If one is not complete.
    """
    return [
        read_example(folder)
        for folder in sorted(examples.iterdir())
        if folder.is_dir() and any(path.name != "__pycache__" for path in folder.iterdir())
    ]


def read_example(folder: Path) -> Example:
    """Read one example.

    Raises:
        CatalogueError: If it is not complete.
    """
    for file in ("README.md", "scenes.txt"):
        if not (folder / file).is_file():
            raise CatalogueError(f"examples/{folder.name} has no {file}")
    try:
        table = language.load(folder / "scenes.txt")
    except ValueError as error:
        raise CatalogueError(str(error)) from error
    group = table.group or OTHERS
    if group not in GROUPS:
        raise CatalogueError(f"examples/{folder.name}: group {group!r} is unknown, expected one of {GROUPS}")
    scenes = [replace(scene, name=_full_name(folder.name, scene.name)) for scene in table.scenes]
    return Example(folder, _first_paragraph(folder / "README.md"), group, scenes)


def choose(known: Sequence[Example], names: Sequence[str]) -> list[tuple[Example, Scene]]:
    """Return scenes by the names of examples or scenes; all if none is given.

    Raises:
        CatalogueError: If there is none of a name.
    """
    pairs = [(example, scene) for example in known for scene in example.scenes]
    every = {name for example, scene in pairs for name in (example.name, scene.name)}
    if nothing := [name for name in names if name not in every]:
        raise CatalogueError(f"there is no example or scene {', '.join(nothing)}; --list shows all")
    return [
        (example, scene)
        for example, scene in pairs
        if not names or example.name in names or scene.name in names
    ]


def index(known: Sequence[Example]) -> str:
    """The text of ``examples/README.md``."""
    parts = [HEAD]
    for group in GROUPS:
        rows = [f"| [{each.name}]({each.name}) | {each.summary} |" for each in known if each.group == group]
        if rows:
            title = group[0].upper() + group[1:]
            parts.append("\n".join([f"## {title}", "", "| folder | what it shows |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


def _full_name(folder: str, scene: str) -> str:
    rest = scene.removeprefix(folder).strip()
    return f"{folder}/{rest}" if rest else folder


def _first_paragraph(readme: Path) -> str:
    found = re.match(r"# [^\n]+\n\n(.+?)(?:\n\n|\Z)", readme.read_text(encoding="utf8").strip(), re.DOTALL)
    if not found:
        raise CatalogueError(
            f"{readme.parent.name}/README.md has to begin with a title (# ...) and a paragraph that tells"
            " what the example shows"
        )
    # A row of the index: relative links would lead elsewhere, a bar would end the cell.
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", " ".join(found[1].split())).replace("|", r"\|")
