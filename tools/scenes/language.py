"""What is done with example programs: scenes, a list of steps each.

A scene begins with a line ``== NAME``; each further line is a step. Steps are about the program that was
started last, until ``with`` names another one. ``{uri}`` and ``{location}`` stand for the last address that
was printed so far, ``{url}`` for the last one of the web, ``{work}`` for a fresh folder.

=========================  ============================================================================
``ns ARGUMENTS``           start a name server, which later programs find
``in FOLDER``              start what follows in this folder of the example
``start PROGRAM ARGUMENT`` start a file of the example, or ``-m MODULE``
``with PROGRAM``           turn to a program that was started before; ``ns`` is the name server
``see TEXT``               wait until it prints this, after what was seen of it before
``type TEXT``              type a line
``eof``                    there is nothing more to type
``ends STATUS``            wait until it ends, with this exit status; 0 if none is given
``stop``                   press Ctrl-C and wait until it ends
``edit FILE OLD => NEW``   first replace text in a file, to have fewer or shorter rounds
``env NAME VALUE``         set a variable for what is started from here on
``display``                give a screen, of its own, to what is started from here on
``tracebacks``             the programs of this scene print tracebacks on purpose
``quick``                  takes a second or two: one of the scenes for every day
``needs MODULE !COMMAND``  modules and commands without which it cannot be run
``skip REASON``            cannot be run unattended
``group NAME``             before all scenes: where an index lists them
=========================  ============================================================================
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

STEPS = ("ns", "in", "start", "with", "see", "type", "eof", "ends", "stop", "env", "display")
REMARKS = ("edit", "tracebacks", "quick", "needs", "skip")
GROUP = "group"


@dataclass
class Scene:
    """What is done with one example.

    Attributes:
        name: What is shown. Its first word is the folder of the example, where a table has those of several.
        steps: What to do, as pairs of a verb and its text.
        edits: Replacements, as (file, old, new).
        needs: Modules, and commands after an exclamation mark, without which it cannot run.
        skip: Why it is not run; empty if it is.
        quick: Whether it takes but a moment.
        tracebacks: Whether tracebacks belong to it.
    """

    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)
    edits: list[tuple[str, str, str]] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    skip: str = ""
    quick: bool = False
    tracebacks: bool = False

    @property
    def folder(self) -> str:
        """First word of the name."""
        return self.name.split()[0]


@dataclass
class Table:
    """A file of scenes.

    Attributes:
        scenes: All of them.
        group: Where an index lists them; empty if that is not said.
    """

    scenes: list[Scene] = field(default_factory=list)
    group: str = ""


def load(path: Path) -> Table:
    """Read a file.

    Raises:
        ValueError: If a line is not understood.
    """
    try:
        return parse(path.read_text(encoding="utf8").splitlines())
    except ValueError as error:
        raise ValueError(f"{path}, {error}") from error


def parse(lines: Sequence[str]) -> Table:
    """Read lines.

    Raises:
        ValueError: If a line is not understood.
    """
    table = Table()
    scenes = table.scenes
    for number, line in enumerate(lines, start=1):
        verb, _, text = line.strip().partition(" ")
        if not verb or verb == "#":
            continue
        if verb == "==":
            scenes.append(Scene(text))
        elif verb == GROUP and not scenes:
            table.group = text
        elif not scenes:
            raise ValueError(f"line {number}: {line!r} comes before the first scene, a line '== NAME'")
        elif verb in STEPS:
            scenes[-1].steps.append((verb, text))
        elif verb in REMARKS:
            _remark(scenes[-1], verb, text)
        else:
            raise ValueError(f"line {number}: {verb!r} is unknown, expected one of {(*STEPS, *REMARKS)}")
    return table


def _remark(scene: Scene, verb: str, text: str) -> None:
    if verb == "edit":
        file, _, change = text.partition(" ")
        old, _, new = change.partition(" => ")
        scene.edits.append((file, old, new))
    elif verb == "needs":
        scene.needs += text.split()
    elif verb == "skip":
        scene.skip = text
    else:
        setattr(scene, verb, True)
