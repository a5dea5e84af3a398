"""What clients of a flame server may do."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

from pyro_core.errors import SecurityError

ALL_CALLS: Final = "*"
Act = Literal["code", "console", "send_modules", "get_modules", "send_files", "get_files"]


@dataclass(frozen=True)
class Policy:
    """What clients may do; as it is made without arguments, nothing.

    Attributes:
        calls: What may be called, by dotted name: a single function (``"os.getcwd"``), or a module or class
            for everything public in it (``"platform"``). ``"builtins.max"`` for a builtin; ``"*"`` for
            everything, private names too.
        code: Evaluate expressions and execute statements. Who may do that may do everything.
        console: Open an interactive console. Same here.
        send_modules: Send the source of a module, which is executed. Same here.
        get_modules: Read the source of modules, which are imported for that.
        send_files: Write any file.
        get_files: Read any file.

    Raises:
        TypeError: If ``calls`` is one text instead of several.
    """

    calls: Collection[str] = frozenset()
    code: bool = False
    console: bool = False
    send_modules: bool = False
    get_modules: bool = False
    send_files: bool = False
    get_files: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.calls, str):
            raise TypeError(f"calls must be several names, like {{{self.calls!r}}}, not one text")

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
            raise SecurityError(f"not allowed by the policy of this server: {act} is off")

    def allows_inside(self, name: str) -> bool:
        """Whether a module, or something in it, may be called: it is listed, or what it is part of.

        Args:
            name: Its full name.
        """
        return self.allows_private or any(f"{name}.".startswith(f"{listed}.") for listed in self.calls)

    def allows_on_the_way(self, name: str) -> bool:
        """Whether something is listed that is found by way of this.

        Args:
            name: Full name of a module or class.
        """
        return any(listed.startswith(f"{name}.") for listed in self.calls)

    @property
    def allows_private(self) -> bool:
        """Whether names that begin with an underscore may be used."""
        return ALL_CALLS in self.calls


NOTHING: Final = Policy()
"""The policy that allows nothing."""
