"""The tutorials and guides: what they show is typed, and what they name exists."""

import re
import shlex
import tomllib
from configparser import ConfigParser
from pathlib import Path

import click
import page_sessions
import pytest

from pyro_cli.main import cli
from pyro_core.settings import ServerSettings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
OWN_TEST = {"http-gateway.md", "name-server-as-a-service.md"}
"""Guides whose sessions and commands have a test module of their own."""
PAGES = [*sorted(DOCS.glob("tutorial/*.md")), *sorted(DOCS.glob("guides/*.md"))]
PLAYED = [
    page
    for page in PAGES
    if page.name not in OWN_TEST and any(block.language == "console" for block in page_sessions.blocks(page))
]


@pytest.mark.parametrize("page", PLAYED, ids=lambda page: page.stem)
def test_what_is_typed_on_a_page_prints_what_it_says(page: Path, tmp_path: Path) -> None:
    page_sessions.play(page, tmp_path)


def commands(page: Path) -> list[str]:
    text = "\n".join(block.text for block in page_sessions.blocks(page) if block.language == "sh")
    lines = (line.partition(" #")[0].strip() for line in text.replace("\\\n", "").splitlines())
    return [line for line in lines if line.startswith("pyro-cli ")]


@pytest.mark.parametrize("page", [p for p in PAGES if p.name not in OWN_TEST], ids=lambda page: page.stem)
def test_commands_are_ones_that_pyro_cli_takes(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in commands(page):
        command, words = cli, shlex.split(line)[1:]
        context = click.Context(cli)
        while isinstance(command, click.Group):
            _, found, words = command.resolve_command(context, words)
            assert found is not None, line
            command = found  # type: ignore[assignment]
        with command.make_context("command", list(words)):
            pass


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_parts_of_examples_are_as_they_are_there(page: Path) -> None:
    for block in page_sessions.blocks(page):
        if "/" in block.name:
            assert block.text in (ROOT / block.name).read_text(encoding="utf8"), block.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_readers_see_the_names_of_files(page: Path) -> None:
    fences = re.findall(r"(.*)\n\n```\w+ +([^/\n]+\.\w+)\n", page.read_text(encoding="utf8"))
    assert [name for before, name in fences if not before.endswith(f"`{name}`:")] == []


def without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    wrong = []
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", without_code(page))):
        if ":" not in link:
            name, _, anchor = link.partition("#")
            target = page.parent / name if name else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                wrong.append(link)
    assert wrong == []


def test_who_stops_a_server_waits_longer_than_the_server_for_its_calls() -> None:
    texts = {
        block.name: block.text
        for page in ("deploy-as-a-service", "containers")
        for block in page_sessions.blocks(DOCS / f"guides/{page}.md")
    }
    drain_s = ServerSettings.from_mapping(tomllib.loads(texts["till.toml"])["server"]).timeouts.drain_s
    unit = ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(texts["till.service"])
    grace = re.search(r"terminationGracePeriodSeconds: (\d+)", texts["till.yaml"])
    assert grace is not None
    assert min(float(unit["Service"]["TimeoutStopSec"]), float(grace[1])) > drain_s
