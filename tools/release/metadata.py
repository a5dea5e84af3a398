"""Whether what a package says about itself is complete, the same everywhere, and fits the other packages."""

import re
from collections.abc import Iterator
from pathlib import Path

import public_api

from release import changelog
from release.distributions import Distribution
from release.problem import ReleaseError

# What every package says in the same words.
SAME = ("requires-python", "license", "license-files", "authors", "readme", "dynamic", "urls")
CLASSIFIERS = (
    "Intended Audience :: Developers",
    "Operating System :: OS Independent",
    "Programming Language :: Python :: 3 :: Only",
    "Programming Language :: Python :: 3.11",
    "Programming Language :: Python :: 3.12",
    "Programming Language :: Python :: 3.13",
    "Typing :: Typed",
)
DESCRIPTION_CHARS_MAX = 120
_RELATIVE_LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)]+)\)")


def pin_findings(found: dict[str, Distribution]) -> Iterator[str]:
    """What packages ask of each other and do not get from the working copy."""
    for one in found.values():
        for requirement in one.requirements():
            other = found.get(requirement.name)
            if other is None:
                continue
            if not requirement.specifier.contains(other.version, prereleases=True):
                yield f"{one.name} asks for {requirement}, but {other.name} is {other.version} here"
            if not any(part.operator.startswith("<") for part in requirement.specifier):
                yield f"{one.name} asks for {requirement}: it must have an upper end, such as <0.2"


def project_findings(found: dict[str, Distribution]) -> Iterator[str]:
    """What is missing in a pyproject.toml, or differs from the others without need."""
    reference = next(iter(found.values()))
    for one in found.values():
        for key in SAME:
            if one.project.get(key) != reference.project.get(key):
                yield f"{one.name}: {key} differs from that of {reference.name}"
        description = one.project.get("description", "")
        if not 20 <= len(description) <= DESCRIPTION_CHARS_MAX or "\n" in description:
            yield f"{one.name}: the description is one line of 20 to {DESCRIPTION_CHARS_MAX} characters"
        classifiers = one.project.get("classifiers", [])
        if missing := [text for text in CLASSIFIERS if text not in classifiers]:
            yield f"{one.name}: classifiers without {', '.join(missing)}"
        if not any(text.startswith("Development Status :: ") for text in classifiers):
            yield f"{one.name}: classifiers without a development status"
        for key, values in (("classifiers", classifiers), ("keywords", one.project.get("keywords", []))):
            if values != sorted(set(values)) or not values:
                yield f"{one.name}: {key} are a sorted list without repetitions, and not empty"


def page_findings(one: Distribution) -> Iterator[str]:
    """What is wrong with the README as the page of the package on the index."""
    text = (one.folder / "README.md").read_text(encoding="utf8")
    if not text.startswith(f"# {one.name}\n"):
        yield f"{one.name}: its README begins with '# {one.name}'"
    if not re.search(rf"pip install '?{re.escape(one.name)}\b", text):
        yield f"{one.name}: its README does not tell how to install it (pip install {one.name})"
    if "```python" not in text:
        yield f"{one.name}: its README shows no program"
    for link in _RELATIVE_LINK.findall(text):
        yield f"{one.name}: its README links to {link!r}, which leads nowhere on the package index: name it"


def changelog_findings(one: Distribution) -> Iterator[str]:
    """What is wrong with the changelog and the files beside it."""
    try:
        changelog.read(one.changelog)
    except ReleaseError as error:
        yield str(error)


def api_findings(root: Path, found: dict[str, Distribution]) -> Iterator[str]:
    """Packages whose API.txt is not that of the code."""
    texts = public_api.listings(root)
    for one in found.values():
        path = one.folder / "API.txt"
        listed = path.read_text(encoding="utf8") if path.exists() else ""
        if complaint := public_api.complaint(one.folder.name, listed, texts[one.folder.name]):
            yield complaint


def findings(root: Path, found: dict[str, Distribution]) -> Iterator[str]:
    """Everything that can be found without building."""
    yield from pin_findings(found)
    yield from project_findings(found)
    for one in found.values():
        yield from page_findings(one)
        yield from changelog_findings(one)
    yield from api_findings(root, found)
