import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from stock_examples import playing, scenes
from stock_examples.programs import Program, SceneError

LIMIT_S = 20.0
ASKING = "name = input('who? '); print(f'hello {name}', flush=True); input(); raise SystemExit(3)"
SERVER = "print('uri: PYRO:thing@localhost:1234', flush=True); input()"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    (tmp_path / "asking.py").write_text(ASKING, encoding="utf8")
    (tmp_path / "server.py").write_text(SERVER, encoding="utf8")
    (tmp_path / "failing.py").write_text("1 / 0", encoding="utf8")
    return tmp_path


def played(folder: Path, *lines: str) -> tuple[str, dict[str, str]]:
    """The problem and the outputs of a scene."""
    scene = scenes.parse(["== test", *lines])[0]
    told = {
        "pythons": [sys.executable],
        "folder": str(folder),
        "steps": scene.steps,
        "tracebacks": scene.tracebacks,
    }
    answer = playing.play(json.loads(json.dumps(told)))
    return answer["problem"], dict(answer["outputs"])


# ---- the table


def test_scenes_have_different_names_and_do_something() -> None:
    known = scenes.load()
    names = [scene.name for scene in known]
    assert len(set(names)) == len(names)
    assert all(bool(scene.steps) is not bool(scene.skip) for scene in known)
    assert any(scene.quick for scene in known)


def test_remarks_are_read() -> None:
    lines = [
        "== cats and dogs", "# a comment", "", "quick", "needs pets", "tracebacks",
        "edit a.py x = 1 => x = 2", "start a.py", "see x", "== fish", "skip too wet",
    ]  # fmt: skip
    cats, fish = scenes.parse(lines)
    assert (cats.folder, cats.quick, cats.needs, cats.tracebacks) == ("cats", True, ["pets"], True)
    assert cats.edits == [("a.py", "x = 1", "x = 2")]
    assert cats.steps == [("start", "a.py"), ("see", "x")]
    assert (fish.skip, fish.quick, fish.tracebacks) == ("too wet", False, False)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        pytest.param(["== x", "jump high"], "line 2: 'jump' is unknown, expected one of", id="verb"),
        pytest.param(["start x.py"], "line 1: 'start x.py' comes before the first scene", id="no scene"),
    ],
)
def test_what_is_not_understood_is_an_error(lines: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scenes.parse(lines)


# ---- playing


def test_a_scene_that_goes_well(example: Path) -> None:
    problem, outputs = played(
        example,
        "start server.py",
        "see uri",
        "start asking.py",
        "see who?",
        "type {uri} {location}",
        "see hello PYRO:thing@localhost:1234 localhost:1234",
        "type",
        "ends 3",
        "with server.py",
        "type",
        "ends",
    )
    assert problem == ""
    assert outputs["server.py"].strip() == "uri: PYRO:thing@localhost:1234"


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        pytest.param(
            ["start asking.py", "type a", "type b", "see bye"],
            "asking.py: expected 'bye', but it ended without printing that",
            id="not seen",
        ),
        pytest.param(
            ["start asking.py", "type a", "type b", "see hello", "see who?"],
            "asking.py: expected 'who?', but it ended without printing that",
            id="seen before",
        ),
        pytest.param(
            ["start asking.py", "type a", "type b", "ends"],
            "asking.py: it ended with status 3, expected 0",
            id="status",
        ),
        pytest.param(["start failing.py", "ends 1"], "a traceback was printed by failing.py", id="traceback"),
        pytest.param(["see x"], "nothing was started before this step", id="nothing"),
        pytest.param(
            ["start asking.py", "type {uri}"],
            "no program printed a URI that could be typed for '{uri}'",
            id="no URI",
        ),
    ],
)
def test_a_scene_that_goes_wrong(example: Path, lines: list[str], problem: str) -> None:
    assert played(example, *lines)[0] == problem


def test_tracebacks_may_be_part_of_a_scene(example: Path) -> None:
    assert played(example, "tracebacks", "start failing.py", "see ZeroDivisionError", "ends 1")[0] == ""


def test_programs_are_ended_with_the_scene(example: Path) -> None:
    (example / "server.py").write_text(
        "import os; print(os.getpid(), 'ready', flush=True); input()", encoding="utf8"
    )
    problem, outputs = played(example, "start server.py", "see ready")
    assert problem == ""
    with pytest.raises(ProcessLookupError):
        os.kill(int(outputs["server.py"].split()[0]), 0)


def test_ctrl_c_ends_a_program(example: Path) -> None:
    problem, outputs = played(example, "tracebacks", "start server.py", "see uri", "stop")
    assert problem == ""
    assert "KeyboardInterrupt" in outputs["server.py"]


def test_waiting_has_a_limit(example: Path) -> None:
    program = Program([sys.executable, "asking.py"], example, {})
    try:
        program.see("who?", LIMIT_S)
        with pytest.raises(SceneError, match="expected 'hello', but it spent 0 s without printing that"):
            program.see("hello", 0)
    finally:
        program.kill()


def test_the_tool_tells_of_a_scene_that_there_is_not() -> None:
    tool = Path(__file__).parents[1] / "stock_examples"
    done = subprocess.run(
        [sys.executable, str(tool), "nonsense"], capture_output=True, text=True, check=False, timeout=LIMIT_S
    )
    assert (done.returncode, done.stdout) == (1, "there is no scene nonsense\n")
