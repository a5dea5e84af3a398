"""Our examples are played as their readers would, each scene of theirs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from examples.playing import ctrl_c_reaches_programs, play_one
from scenes.language import Scene
from scenes.playing import NOT_RUN, PASSED

from examples import catalogue

ROOT = Path(__file__).parent.parent
EXAMPLES = catalogue.load()
# Installed and tried by test_plugins.py.
WITHOUT_SCENES = {"plugins"}


@pytest.fixture(autouse=True)
def ctrl_c() -> Iterator[None]:
    with ctrl_c_reaches_programs():
        yield


@pytest.mark.parametrize(
    ("example", "scene"),
    [pytest.param(example, scene, id=scene.name) for example, scene in catalogue.choose(EXAMPLES, [])],
)
def test_a_scene_goes_as_it_is_written(example: catalogue.Example, scene: Scene) -> None:
    result = play_one(example, scene)
    if result.outcome == NOT_RUN:
        pytest.skip(result.reason)
    assert result.outcome == PASSED, f"{result.reason}\n{result.transcript}"


def test_every_example_has_scenes_and_their_names_differ() -> None:
    assert {example.name for example in EXAMPLES if not example.scenes} == WITHOUT_SCENES
    names = [scene.name for _, scene in catalogue.choose(EXAMPLES, [])]
    assert len(set(names)) == len(names)


def test_the_index_tells_of_all_examples() -> None:
    told = catalogue.INDEX.read_text(encoding="utf8")
    assert told == catalogue.index(EXAMPLES), "write it anew: hatch run examples --index"


def test_no_key_comes_with_the_examples() -> None:
    """S6: whoever has this repository has it too."""
    files = [path for folder in ("examples", "docs") for path in (ROOT / folder).rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files if b"PRIVATE KEY-----" in path.read_bytes()] == []
