"""What clients of a flame server may do."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from os import PathLike
from typing import Final, Literal

from pyro_core.errors import SecurityError
from pyro_core.identity import Principal

ALL_CALLS: Final = "*"
Act = Literal["code", "console", "send_modules", "get_modules", "send_files", "get_files"]
Folders = bool | Collection[str | PathLike[str]]


@dataclass(frozen=True)
class Policy:
    """What clients may do; as it is made without arguments, nothing.

    Attributes:
        calls: What may be called and read, by dotted name: a single function or value (``"os.getcwd"``), or a
            module or class for everything public in it (``"platform"``). ``"builtins.max"`` for a builtin.
            Each part may have ``*``, ``?`` and ``[letters]`` (``"os.get*"``). ``"*"`` alone is for
            everything, private names too.
        code: Evaluate expressions and execute statements. Who may do that may do everything.
        console: Open an interactive console. Same here.
        send_modules: Send the source of a module, which is executed. Same here.
        get_modules: Read the source of modules, which are imported for that.
        send_files: Write files in these folders; True for any file.
        get_files: Read files in these folders; True for any file.

    Raises:
        TypeError: If ``calls``, or folders, are one text instead of several.
    """

    calls: Collection[str] = frozenset()
    code: bool = False
    console: bool = False
    send_modules: bool = False
    get_modules: bool = False
    send_files: Folders = False
    get_files: Folders = False

    def __post_init__(self) -> None:
        for name in ("calls", "send_files", "get_files"):
            given = getattr(self, name)
            if isinstance(given, str | PathLike):
                raise TypeError(f"{name} must be several names, like [{str(given)!r}], not one text")

    @classmethod
    def everything(cls) -> "Policy":
        """The policy for clients that are trusted completely."""
        return cls(frozenset({ALL_CALLS}), True, True, True, True, True, True)

    def check(self, act: Act) -> None:
        """Raise SecurityError if something is not allowed.

        Args:
            act: What is about to be done.
        """
        if not getattr(self, act):
            example = '["FOLDER"]' if act.endswith("files") else "True"
            raise refused(f"{act} is off", f"Policy({act}={example})")

    def allows_inside(self, name: str) -> bool:
        """Whether a module, or something in it, may be used: it is listed, or what it is part of.

        Args:
            name: Its full name.
        """
        return self.allows_private or any(_covers(listed, name) for listed in self.calls)

    def allows_on_the_way(self, name: str) -> bool:
        """Whether something is listed that is found by way of this.

        Args:
            name: Full name of a module or class.
        """
        parts = name.split(".")
        wanted = (listed.split(".") for listed in self.calls)
        return any(len(one) > len(parts) and all(map(fnmatchcase, parts, one)) for one in wanted)

    @property
    def allows_private(self) -> bool:
        """Whether names that begin with an underscore may be used."""
        return ALL_CALLS in self.calls


NOTHING: Final = Policy()
"""The policy that allows nothing."""
Policies = Policy | Callable[[Principal], Policy]
"""One for everybody, or a function that gives the one of a principal."""


def refused(what: str, remedy: str) -> SecurityError:
    """The error for something that the policy does not allow.

    Args:
        what: What that is.
        remedy: The setting that would allow it.
    """
    return SecurityError(f"not allowed by the policy of this server: {what}; {remedy} there would allow it")


def _covers(listed: str, name: str) -> bool:
    wanted, parts = listed.split("."), name.split(".")
    return len(parts) >= len(wanted) and all(map(fnmatchcase, parts, wanted))
