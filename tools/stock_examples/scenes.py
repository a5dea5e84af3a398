"""What is done with the example programs: the scenes of ``scenes.txt``.

A scene is a list of steps, one a line, after a line ``== NAME``. The first word of the name is the folder of
the example. Steps are about the program that was started last, until ``with`` names another one:

=========================  ============================================================================
``ns``                     start a name server
``in FOLDER``              start what follows in this folder of the example
``start PROGRAM ARGUMENT`` start a file of the example, or ``-m MODULE``
``with PROGRAM``           turn to a program that was started before
``see TEXT``               wait until it prints this, after what was seen of it before
``type TEXT``              type a line; ``{uri}`` and ``{location}`` stand for the last URI printed so far
``eof``                    there is nothing more to type
``ends STATUS``            wait until it ends, with this exit status; 0 if none is given
``stop``                   press Ctrl-C and wait until it ends
``edit FILE OLD => NEW``   first replace text in a file, to have fewer or shorter rounds
``env NAME VALUE``         set a variable for what is started from here on
``tracebacks``             the programs of this scene print tracebacks on purpose
``quick``                  takes a second or two: one of the scenes for every day
``needs MODULE``           a third party module that the example imports
``skip REASON``            cannot be run unattended
=========================  ============================================================================
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

TABLE = Path(__file__).parent / "scenes.txt"
STEPS = ("ns", "in", "start", "with", "see", "type", "eof", "ends", "stop", "env")
REMARKS = ("edit", "tracebacks", "quick", "needs", "skip")


@dataclass
class Scene:
    """What is done with one example.

    Attributes:
        name: Folder of the example, and what is shown if there are several scenes.
        steps: What to do, as pairs of a verb and its text.
        edits: Replacements, as (file, old, new).
        needs: Modules without which it cannot run.
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
        """Folder of the example."""
        return self.name.split()[0]


def load(path: Path = TABLE) -> list[Scene]:
    """Read the scenes.

    Raises:
        ValueError: If a line is not understood.
    """
    return parse(path.read_text(encoding="utf8").splitlines())


def parse(lines: Sequence[str]) -> list[Scene]:
    """Read scenes from lines.

    Raises:
        ValueError: If a line is not understood.
    """
    scenes: list[Scene] = []
    for number, line in enumerate(lines, start=1):
        verb, _, text = line.strip().partition(" ")
        if not verb or verb == "#":
            continue
        if verb == "==":
            scenes.append(Scene(text))
        elif not scenes:
            raise ValueError(f"line {number}: {line!r} comes before the first scene, a line '== NAME'")
        elif verb in STEPS:
            scenes[-1].steps.append((verb, text))
        elif verb in REMARKS:
            _remark(scenes[-1], verb, text)
        else:
            raise ValueError(f"line {number}: {verb!r} is unknown, expected one of {(*STEPS, *REMARKS)}")
    return scenes


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
