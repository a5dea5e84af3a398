"""Our examples are played as their readers would, each scene of theirs."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from examples.playing import ctrl_c_reaches_programs, play_one
from scenes.language import Scene
from scenes.playing import NOT_RUN, PASSED, Result

from examples import catalogue

EXAMPLES = catalogue.load()
# Installed and tried by test_plugins.py.
WITHOUT_SCENES = {"plugins"}


TOGETHER = 3
"""Scenes at a time: much of their time is waiting for programs to start."""


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Iterator[Mapping[str, "Future[Result]"]]:
    """What comes of the scenes that are to be tested."""
    wanted = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    pairs = [
        (params["example"], params["scene"]) for params in wanted if {"example", "scene"} <= params.keys()
    ]
    with ctrl_c_reaches_programs(), ThreadPoolExecutor(TOGETHER) as pool:
        yield {scene.name: pool.submit(play_one, example, scene) for example, scene in pairs}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(
    ("example", "scene"),
    [pytest.param(example, scene, id=scene.name) for example, scene in catalogue.choose(EXAMPLES, [])],
)
def test_a_scene_goes_as_it_is_written(
    example: catalogue.Example, scene: Scene, results: Mapping[str, "Future[Result]"]
) -> None:
    result = results[scene.name].result()
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
