"""What the environment ``default`` of hatch.toml holds, for tools that make one like it without hatch."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Member:
    """One of our packages, with the extras that its tests need."""

    folder: Path
    extras: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the distribution, which is that of its folder."""
        return self.folder.name

    @property
    def suffix(self) -> str:
        """What follows the name where extras are asked for, such as ``[msgpack,dill]``."""
        return f"[{','.join(self.extras)}]" if self.extras else ""


@dataclass(frozen=True)
class DefaultEnvironment:
    """Our packages, and what else is installed beside them."""

    members: tuple[Member, ...]
    dependencies: tuple[str, ...]


def read(root: Path) -> DefaultEnvironment:
    """Read hatch.toml of a working copy."""
    table = tomllib.loads((root / "hatch.toml").read_text(encoding="utf8"))["envs"]["default"]
    members = tuple(
        Member(root / member["path"], tuple(member.get("features", ())))
        for member in table["workspace"]["members"]
    )
    return DefaultEnvironment(members, tuple(table["dependencies"]))
