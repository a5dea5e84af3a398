import io
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from examples.playing import Company
from examples.progress import Display
from scenes.playing import FAILED, PASSED, Result

from examples import catalogue

TOOL = Path(__file__).parents[1] / "examples"
LIMIT_S = 20.0
WAITING = "import os; print('started', os.getpid(), flush=True); input()"


def make(folder: Path, name: str, *lines: str, readme: str = "# Cat\n\nShows a cat\nthat purrs.\n") -> Path:
    """An example."""
    example = folder / name
    example.mkdir(parents=True)
    (example / "README.md").write_text(readme, encoding="utf8")
    (example / "scenes.txt").write_text("\n".join(lines), encoding="utf8")
    (example / "waiting.py").write_text(WAITING, encoding="utf8")
    (example / "purr.py").write_text("print('purr')", encoding="utf8")
    return example


# ---- the catalogue


def test_examples_are_read(tmp_path: Path) -> None:
    make(tmp_path, "cat", "group names", "== cat", "start purr.py", "== cat sleeps", "== is fed")
    make(tmp_path, "ape", readme="# Ape\n\nShows [an ape](x.md) | more.")
    (tmp_path / "gone" / "__pycache__").mkdir(parents=True)
    (tmp_path / "README.md").touch()
    ape, cat = catalogue.load(tmp_path)
    assert (cat.name, cat.summary, cat.group) == ("cat", "Shows a cat that purrs.", "names")
    assert [scene.name for scene in cat.scenes] == ["cat", "cat/sleeps", "cat/is fed"]
    assert (ape.summary, ape.group, ape.scenes) == ("Shows an ape \\| more.", catalogue.OTHERS, [])


def test_the_index_has_a_table_for_each_group(tmp_path: Path) -> None:
    make(tmp_path, "cat", "group names")
    make(tmp_path, "ape", "group calls")
    told = catalogue.index(catalogue.load(tmp_path)).removeprefix(catalogue.HEAD)
    table = "| folder | what it shows |\n|---|---|\n| [{0}]({0}) | Shows a cat that purrs. |\n"
    assert told == f"\n## Calls\n\n{table.format('ape')}\n## Names\n\n{table.format('cat')}"


@pytest.mark.parametrize(
    ("missing", "content", "message"),
    [
        pytest.param("README.md", None, "examples/cat has no README.md", id="no README"),
        pytest.param("scenes.txt", None, "examples/cat has no scenes.txt", id="no scenes"),
        pytest.param("README.md", "# Cat\n", "cat/README.md has to begin with a title", id="no paragraph"),
        pytest.param("scenes.txt", "group fish\n", "group 'fish' is unknown, expected one of", id="group"),
        pytest.param("scenes.txt", "== x\njump", "cat/scenes.txt, line 2: 'jump' is unknown", id="verb"),
    ],
)
def test_what_is_not_complete_is_an_error(
    tmp_path: Path, missing: str, content: str | None, message: str
) -> None:
    file = make(tmp_path, "cat") / missing
    file.unlink()
    if content is not None:
        file.write_text(content, encoding="utf8")
    with pytest.raises(catalogue.CatalogueError, match=message):
        catalogue.load(tmp_path)


def test_scenes_are_chosen_by_example_or_by_name(tmp_path: Path) -> None:
    make(tmp_path, "cat", "== cat", "== sleeps")
    make(tmp_path, "ape", "== ape")
    known = catalogue.load(tmp_path)

    def chosen(*names: str) -> list[str]:
        return [scene.name for _, scene in catalogue.choose(known, names)]

    assert chosen() == ["ape", "cat", "cat/sleeps"]
    assert chosen("cat") == ["cat", "cat/sleeps"]
    assert chosen("cat/sleeps") == ["cat/sleeps"]
    with pytest.raises(catalogue.CatalogueError, match="there is no example or scene dog; --list shows all"):
        chosen("cat", "dog")


# ---- playing


def test_scenes_are_played_several_at_a_time(tmp_path: Path) -> None:
    make(
        tmp_path,
        "cat",
        "== cat",
        "start purr.py",
        "see purr",
        "ends",
        "== barks",
        "start purr.py",
        "see wuff",
    )
    chosen = catalogue.choose(catalogue.load(tmp_path), [])
    results = {result.scene: result for result in Company(2).play(chosen, lambda: None)}
    assert results["cat"].outcome == PASSED
    assert results["cat/barks"].outcome == FAILED
    assert results["cat/barks"].transcript == "######## purr.py\npurr\n\n"


def test_what_is_left_early_ends_its_programs(tmp_path: Path) -> None:
    example = make(tmp_path, "cat", "== cat", "start waiting.py", "see started", "see never")
    known = catalogue.read_example(example)
    company = Company(1)
    running = threading.Event()

    def waiting() -> None:
        if company.running():
            running.set()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(company.play([(known, known.scenes[0])] * 2, waiting))
    assert running.is_set()
    assert company.running() == []


# ---- what is shown


def test_a_line_for_each_scene_and_a_table_at_the_end() -> None:
    stream = io.StringIO()
    display = Display(2, stream)
    bad = Result("cat", FAILED, "too wet", 1.25, "######## cat.py\nmiaow\n")
    good = Result("ape", PASSED, seconds=0.5)
    for result in (bad, good):
        display.waiting([("ape", 3.0)])
        display.finished(result)
    display.summary([bad, good])
    lines = [line.split() for line in stream.getvalue().splitlines() if line]
    assert lines == [
        ["1/2", "cat", "FAILED", "1.2", "too", "wet"],
        ["########", "cat.py"],
        ["miaow"],
        ["2/2", "ape", "passed", "0.5"],
        ["scene", "outcome", "seconds", "reason"],
        ["ape", "passed", "0.5"],
        ["cat", "FAILED", "1.2", "too", "wet"],
        ["1", "passed,", "1", "FAILED,", "0", "not", "run"],
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_what_is_going_on() -> None:
    stream = Terminal()
    display = Display(9, stream)
    display.waiting([("cat", 3.2), ("ape", 0.1)])
    assert stream.getvalue() == "\r\x1b[K0 of 9 are over; now: cat 3 s, ape 0 s"
    display.finished(Result("cat", PASSED, seconds=4.0))
    assert "\x1b[32mpassed" in stream.getvalue()


# ---- the tool


def tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(TOOL), *arguments], capture_output=True, text=True, check=False, timeout=LIMIT_S
    )


def test_the_list_tells_every_scene() -> None:
    told = tool("--list").stdout.splitlines()
    known = catalogue.choose(catalogue.load(), [])
    assert [line.split("  ")[0].strip() for line in told] == [scene.name for _, scene in known]


def test_a_scene_that_there_is_not_and_jobs_that_cannot_be() -> None:
    done = tool("nonsense")
    assert (done.returncode, done.stderr) == (
        1,
        "there is no example or scene nonsense; --list shows all\n",
    )
    done = tool("--jobs", "0")
    assert done.returncode == 2
    assert "--jobs is 0, expected at least 1" in done.stderr


def test_a_scene_is_played_and_its_transcript_kept(tmp_path: Path) -> None:
    done = tool("warehouse/phase3", "--transcripts", str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("1 passed, 0 FAILED, 0 not run\n")
    assert "Janet took the bike" in (tmp_path / "warehouse phase3.txt").read_text(encoding="utf8")
