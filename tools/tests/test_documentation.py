"""The texts fit together: links lead somewhere, pages are in the site, programs are run.

Building the site is for ``hatch run docs``.
"""

import re
import tomllib
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FOLDERS = ("docs", "packages/*", "examples")
PAGES = sorted({*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in ROOT.glob(f"{folder}/**/*.md"))})
FENCE = re.compile(r"^( *)(```+|~~~+)(.*)\n(?:.*\n)*?\1\2 *$", re.MULTILINE)
TESTS = [path.read_text("utf-8").replace("\\.", ".") for path in sorted(ROOT.glob("tests-integration/*.py"))]
NOT_RUN = {"qt_window.py"}
"""Needs PySide6, which takes more room than everything else; its page says that no test runs it."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@cache
def anchors(page: Path) -> frozenset[str]:
    """What the headings of a page are called in links, as forges do it."""
    headings = re.findall(r"^#{1,6} (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings)
    return frozenset(re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in plain)


def flaw(page: Path, link: str) -> str:
    """What is wrong with a link; empty if nothing."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return f"{link}: no such file"
    if not target.is_relative_to(ROOT):
        return f"{link}: outside"
    if target.is_dir():
        return f"{link}: a folder has no headings" if anchor else ""
    return "" if not anchor or anchor in anchors(target) else f"{link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    text = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", FENCE.sub("", page.read_text("utf-8")), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    assert [wrong for link in links if not re.match(r"[a-z]+:", link) and (wrong := flaw(page, link))] == []


def toctree_patterns(page: Path) -> list[str]:
    found = []
    for block in re.findall(
        r"^```\{toctree\}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    ):
        for line in block.splitlines():
            if line and not line.startswith(":"):
                found.append(str((page.parent / line).resolve().relative_to(ROOT)))
    return found


def test_every_page_of_the_documentation_is_in_the_tree_of_the_site() -> None:
    patterns = [pattern for page in DOCS.rglob("*.md") for pattern in toctree_patterns(page)]
    pages = {name_of(page).removesuffix(".md") for page in DOCS.rglob("*.md")} - {"docs/README", "docs/index"}
    assert [page for page in sorted(pages) if not any(fnmatch(page, pattern) for pattern in patterns)] == []


def test_the_front_page_has_every_page_of_the_four_parts() -> None:
    front = (DOCS / "index.md").read_text("utf-8")
    pages = [
        page
        for part in ("tutorial", "guides", "reference", "explanation")
        for page in DOCS.glob(f"{part}/*.md")
    ]
    assert [name_of(page) for page in pages if f"({page.relative_to(DOCS)})" not in front] == []


def has_runner(page: Path, name: str) -> bool:
    """Whether a test runs the program of that name: it is typed as a session, or a test asks for it."""
    if page == ROOT / "README.md":
        return True  # test_readme.py makes sure that it knows all of them
    if "/" in name:
        return (ROOT / name).is_file()  # a part of that file; test_pages.py compares them
    if page.parent.name in ("guides", "tutorial") and "```console" in page.read_text("utf-8"):
        return True
    known_as = page.name if page.name != "README.md" else f"{page.parent.name}/README.md"
    return any(known_as in test and re.search(rf"python {re.escape(name)}\b", test) for test in TESTS)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_program_is_one_that_a_test_runs(page: Path) -> None:
    for indent, fence, info in (found.groups() for found in FENCE.finditer(page.read_text("utf-8"))):
        language, _, name = info.partition(" ")
        assert language not in ("py", "python3", "pycon", "{code-block}", "{literalinclude}"), info
        if language == "python":
            assert (indent, fence) == ("", "```"), f"not found by the tests: {info}"
            assert page.name != "CHANGELOG.md", "tests run no programs of these"
            assert not name or name in NOT_RUN or has_runner(page, name), (
                f"no test in tests-integration runs {name!r}"
            )


def test_every_public_module_has_its_api_page() -> None:
    for package in sorted(ROOT.glob("packages/*/pyproject.toml")):
        page = DOCS / "reference" / "api" / f"{package.parent.name}.md"
        described = re.findall(r"^\.\. public-names:: (\S+)$", page.read_text("utf-8"), re.MULTILINE)
        public = (
            tomllib.loads(package.read_text("utf-8"))["tool"].get("public-api", {}).get("modules", described)
        )
        assert sorted(described) == sorted(public)
