"""The ways in which promises are broken: a few lines of our code each, replaced in a copy."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "breakages"


class BreakageError(Exception):
    """A breakage does not fit the code any more."""


@dataclass(frozen=True, kw_only=True)
class Breakage:
    """One way to break a promise.

    Attributes:
        promise: Its number in docs/reference/promises.md.
        what: What goes wrong then, in a few words.
        file: The file that is changed, from the root of the repository.
        old: Lines that stand in it once.
        new: What takes their place.
        test: The test that has to fail, as pytest names it, without parameters.
        select: Restricts it to some of its parameters, as pytest's ``-k`` does.
        also: More lines of that file, and what takes their place, where a promise holds twice.
    """

    promise: str
    what: str
    file: str
    old: str
    new: str
    test: str
    select: str = ""
    also: Sequence[tuple[str, str]] = ()

    def applied(self, text: str) -> str:
        """The file's text, broken.

        Raises:
            BreakageError: If the lines are not there, or more than once.
        """
        for old, new in ((self.old, self.new), *self.also):
            if (count := text.count(old)) != 1:
                raise BreakageError(
                    f"{self.promise}, {self.what}: {self.file} has {count} places like this, expected one:\n"
                    f"{old}\nWrite down the lines as they are now, in {FOLDER.name}/{self.promise[0]}.toml"
                )
            text = text.replace(old, new)
        return text


def load() -> Iterator[Breakage]:
    """All of them, in order.

    Raises:
        BreakageError: If one is not written as it should be.
    """
    for path in sorted(FOLDER.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf8"))["break"]:
            try:
                yield Breakage(**entry)
            except TypeError as problem:
                raise BreakageError(f"{path.name}: {entry}: {problem}") from problem
