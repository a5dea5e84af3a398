"""What the release asks of git."""

import io
import os
import subprocess
import tarfile
from pathlib import Path

from release.problem import ReleaseError


class Repository:
    """A working copy.

    Args:
        root: Its top folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str | Path) -> str:
        """Run git there and return its output without the last newline.

        Raises:
            ReleaseError: If git fails.
        """
        return self._run(*arguments).decode().rstrip("\n")

    def _run(self, *arguments: str | Path) -> bytes:
        # Not the repository of a hook that may have started this.
        variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        command = ["git", "-C", str(self.root), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, env=variables, check=False)
        if done.returncode:
            raise ReleaseError(
                f"`{' '.join(command)}` failed: {done.stderr.decode(errors='replace').strip()}"
            )
        return done.stdout

    def require_clean(self) -> None:
        """Refuse to go on beside changes that are not committed.

        Raises:
            ReleaseError: If there are any; the text names them.
        """
        if changed := self.git("status", "--porcelain"):
            raise ReleaseError(
                f"there are changes that are not committed:\n{changed}\ncommit or stash them first"
            )

    def tags(self, package: str) -> list[str]:
        """The tags of a package that lead to the current commit, newest version first."""
        pattern = f"{package}-v[0-9]*"
        found = self.git("tag", "--merged", "HEAD", "--sort=-version:refname", "--list", pattern)
        return found.split("\n") if found else []

    def subjects(self, tag: str | None, folder: str) -> list[str]:
        """First lines of the commits since a tag (or ever) that touched a folder, newest first."""
        found = self.git("log", "--format=%s", f"{tag}..HEAD" if tag else "HEAD", "--", folder)
        return found.split("\n") if found else []

    def text_at(self, tag: str, path: str) -> str | None:
        """A file as it was at a tag; None if it was not there."""
        if not self.git("ls-tree", "--name-only", tag, "--", path):
            return None
        return self.git("show", f"{tag}:{path}") + "\n"

    def changed_at(self, folder: str) -> int:
        """When a folder was last committed to, in seconds since 1970.

        Raises:
            ReleaseError: If it never was.
        """
        found = self.git("log", "-1", "--format=%ct", "--", folder)
        if not found:
            raise ReleaseError(f"{folder} has never been committed: commit it first")
        return int(found)

    def export(self, folder: str, to: Path) -> Path:
        """Write a folder as it is in the current commit, and nothing else; gives where it is."""
        with tarfile.open(
            fileobj=io.BytesIO(self._run("archive", "--format=tar", "HEAD", folder))
        ) as archive:
            archive.extractall(to, filter="data")
        return to / folder

    def clone(self, to: Path) -> "Repository":
        """A new clone of the current commit, with the tags."""
        self.git("clone", "--quiet", "--no-checkout", self.root, to)
        clone = Repository(to)
        clone.git("checkout", "--quiet", "--detach", self.git("rev-parse", "HEAD"))
        return clone
