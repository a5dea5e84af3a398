"""Build sdist and wheel so that anybody who builds the same commit gets the same bytes.

What is built is the current commit, not what lies around in the working copy. Each package is built twice, in
folders of different names, with another time zone, umask and seed of hashes; the results must be equal.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import check_wheels

from release.distributions import Distribution
from release.problem import ReleaseError
from release.repository import Repository


@dataclass(frozen=True)
class Built:
    """What was built of one package."""

    sdist: Path
    wheel: Path

    @property
    def files(self) -> tuple[Path, Path]:
        """Both."""
        return self.sdist, self.wheel


# Two builders who have nothing in common but the commit.
_BUILDERS = (("a", "UTC", "0", 0o022), ("another-place/deep/down", "Asia/Kathmandu", "1234", 0o077))


def build(repository: Repository, one: Distribution, out: Path) -> Built:
    """Build a package twice and put the files into a folder.

    Raises:
        ReleaseError: If the two builds differ, or it cannot be built.
    """
    environ = {"SOURCE_DATE_EPOCH": str(repository.changed_at(one.path))}
    with tempfile.TemporaryDirectory(prefix="pyro-build-") as work:
        results = []
        for folder, zone, seed, umask in _BUILDERS:
            place = Path(work) / folder
            place.mkdir(parents=True)
            before = os.umask(umask)
            try:
                source = repository.export(one.path, place)
                variables = environ | {"TZ": zone, "PYTHONHASHSEED": seed}
                check_wheels.build(source, place / "dist", variables)
            except check_wheels.CheckError as error:
                raise ReleaseError(f"{one.name} cannot be built: {error}") from error
            finally:
                os.umask(before)
            results.append(place / "dist" / one.folder.name)
        compare(*results)
        out.mkdir(parents=True, exist_ok=True)
        (sdist,), (wheel,) = results[0].glob("*.tar.gz"), results[0].glob("*.whl")
        return Built(*(Path(shutil.copyfile(file, out / file.name)) for file in (sdist, wheel)))


def compare(first: Path, second: Path) -> None:
    """Compare two folders of built files byte by byte.

    Raises:
        ReleaseError: If they differ; the text names the files.
    """
    one, other = (digests(folder.glob("pyro*")) for folder in (first, second))
    if one != other or not one:
        different = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
        raise ReleaseError(
            f"two builds of the same commit differ ({', '.join(different) or 'nothing was built'}): "
            f"look for times, paths and random numbers in what goes in (`diffoscope` shows them)"
        )


def digests(files: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of files by name."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files)}
