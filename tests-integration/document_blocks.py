"""Code and sessions that a text in reStructuredText shows, found by its structure."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data"
_UNDERLINE = re.compile(r"^([=\-^~#*\"])\1{3,}$")
_FILE = re.compile(r":file:`([\w.]+)`|^\s*# (?:saved? (?:this )?as )?(\w+\.py)$", re.MULTILINE)


class Block(NamedTuple):
    """Indented text after a paragraph that ends with two colons.

    Attributes:
        heading: Of the section that it is in.
        lead: The paragraph before it.
        text: The text itself, without its indentation.
    """

    heading: str
    lead: str
    text: str

    @property
    def file(self) -> str:
        """Name of the file that it is to be saved as; empty if none is told."""
        for where in (self.text.split("\n", 1)[0], self.lead):
            names = [first or second for first, second in _FILE.findall(where)]
            if names:
                return names[-1]
        return ""


def blocks(document: str) -> Iterator[Block]:
    """All blocks of a text of ``data/``, in order."""
    heading, lead, lines = "", "", (DATA / document).read_text(encoding="utf8").expandtabs().split("\n")
    number = 0
    while number < len(lines):
        line = lines[number]
        if number and _UNDERLINE.match(line) and lines[number - 1].strip():
            heading = lines[number - 1].strip()
        if line.strip() and (not lead or lines[number - 1].strip()):
            lead = f"{lead}\n{line}" if lines[number - 1].strip() else line
        elif line.strip():
            lead = line
        number += 1
        if line.rstrip().endswith("::") and not line.startswith(".. "):
            taken = []
            while number < len(lines) and (not lines[number].strip() or lines[number].startswith(" ")):
                taken.append(lines[number])
                number += 1
            yield Block(heading, lead, _dedented(taken))
            lead = ""


def as_python_3(code: str) -> str:
    """The same program with Python 2's print statements and input function replaced; nothing else."""
    code = re.sub(r"^( *)print (?!\()(.+?)( *#.*)?$", r"\1print(\2)\3", code, flags=re.MULTILINE)
    return re.sub(r"\braw_input\(", "input(", code)


def _dedented(lines: list[str]) -> str:
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[indent:] for line in lines).strip("\n") + "\n"
