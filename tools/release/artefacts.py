"""Whether built files are what the package index and its users expect."""

import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

import check_wheels

from release.building import Built
from release.distributions import Distribution
from release.problem import ReleaseError

SDIST_MUST_HAVE = ("LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "PKG-INFO")


def check(one: Distribution, built: Built) -> None:
    """Look into the sdist and the wheel of a package.

    Raises:
        ReleaseError: If something is missing, wrong, or would not be shown as meant.
    """
    check_content(one, built)
    check_metadata(built.files)
    check_page(one)


def check_content(one: Distribution, built: Built) -> None:
    """The licence and what belongs to it are in both files, and their names tell the version."""
    stem = f"{one.name.replace('-', '_')}-{one.version}"
    if built.sdist.name != f"{stem}.tar.gz" or built.wheel.name != f"{stem}-py3-none-any.whl":
        raise ReleaseError(f"{built.sdist.name} and {built.wheel.name} should be called {stem}...")
    with tarfile.open(built.sdist) as archive:
        names = set(archive.getnames())
    if missing := [name for name in SDIST_MUST_HAVE if f"{stem}/{name}" not in names]:
        raise ReleaseError(f"{built.sdist.name} is without {', '.join(missing)}")
    try:
        check_wheels.check_content(check_wheels.describe(built.wheel))
    except check_wheels.CheckError as error:
        raise ReleaseError(f"{built.wheel.name}: {error}") from error


def check_metadata(files: Sequence[Path]) -> None:
    """What twine, and so the index, has to say about the metadata."""
    try:
        check_wheels.run(sys.executable, "-m", "twine", "check", "--strict", *files)
    except check_wheels.CheckError as error:
        raise ReleaseError(f"the package index would refuse this: {error}") from error


def check_page(one: Distribution) -> None:
    """The README, as the index would show it; twine looks at reStructuredText only."""
    from readme_renderer import markdown

    html = markdown.render((one.folder / "README.md").read_text(encoding="utf8"), variant="GFM")
    if not html or "<h1" not in html:
        raise ReleaseError(
            f"the README of {one.name} cannot be shown: is it Markdown, and is readme-renderer[md] installed?"
        )
