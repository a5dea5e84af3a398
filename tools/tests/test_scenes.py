import os
import select
import sys
from pathlib import Path

import pytest
from scenes import language
from scenes.language import Scene
from scenes.playing import FAILED, PASSED, Player, Result, Stage, lacking, play
from scenes.programs import Program, SceneError

TOOLS = Path(__file__).parents[1]

LIMIT_S = 20.0
ASKING = "name = input('who? '); print(f'hello {name}', flush=True); input(); raise SystemExit(3)"
SERVER = "print('uri: PYRO:thing@localhost:1234', flush=True); input()"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    (tmp_path / "asking.py").write_text(ASKING, encoding="utf8")
    (tmp_path / "server.py").write_text(SERVER, encoding="utf8")
    (tmp_path / "failing.py").write_text("1 / 0", encoding="utf8")
    return tmp_path


def scene_of(*lines: str) -> Scene:
    (scene,) = language.parse(["== test", *lines]).scenes
    return scene


def played(folder: Path, *lines: str) -> Result:
    work = folder / "work"
    work.mkdir()
    return play(scene_of(*lines), Player(Stage(folder, work)))


# ---- the table


def test_scenes_have_different_names_and_do_something() -> None:
    known = language.load(TOOLS / "stock_examples" / "scenes.txt").scenes
    names = [scene.name for scene in known]
    assert len(set(names)) == len(names)
    assert all(bool(scene.steps) is not bool(scene.skip) for scene in known)
    assert any(scene.quick for scene in known)


def test_remarks_are_read() -> None:
    lines = [
        "== cats and dogs", "# a comment", "", "quick", "needs pets", "tracebacks",
        "edit a.py x = 1 => x = 2", "start a.py", "see x", "== fish", "skip too wet",
    ]  # fmt: skip
    cats, fish = language.parse(lines).scenes
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
        language.parse(lines)


# ---- playing


def test_a_scene_that_goes_well(example: Path) -> None:
    result = played(
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
    assert (result.outcome, result.reason) == (PASSED, "")
    assert result.transcript.startswith("######## server.py\nuri: PYRO:thing@localhost:1234\n\n########")


def test_a_web_address_can_be_given_to_the_next_program(example: Path) -> None:
    (example / "web.py").write_text("print('on http://localhost:80/ now', flush=True); input()", "utf8")
    (example / "get.py").write_text("import sys; print('got', sys.argv[1])", "utf8")
    result = played(
        example, "start web.py", "see now", "start get.py {url}", "see got http://localhost:80/", "ends"
    )
    assert result.reason == ""


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
            "no program printed an address that could stand in '{uri}'",
            id="no URI",
        ),
        pytest.param(
            ["start asking.py", "with server.py"],
            "no program 'server.py' was started; there are: asking.py",
            id="with nobody",
        ),
    ],
)
def test_a_scene_that_goes_wrong(example: Path, lines: list[str], problem: str) -> None:
    result = played(example, *lines)
    assert (result.outcome, result.reason) == (FAILED, problem)


def test_tracebacks_may_be_part_of_a_scene(example: Path) -> None:
    result = played(example, "tracebacks", "start failing.py", "see ZeroDivisionError", "ends 1")
    assert result.reason == ""


def test_programs_are_ended_with_the_scene_and_so_is_what_they_started(example: Path) -> None:
    # Both hold the pipe open as long as they live.
    os.mkfifo(example / "alive")
    reading = os.open(example / "alive", os.O_RDONLY | os.O_NONBLOCK)
    (example / "server.py").write_text(
        "import subprocess, sys\n"
        "alive = open('alive', 'w')\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], stderr=alive)\n"
        "print('ready', flush=True)\n"
        "input()\n",
        encoding="utf8",
    )
    assert played(example, "start server.py", "see ready").reason == ""
    ready, _, _ = select.select([reading], [], [], LIMIT_S)
    assert ready, "one of them still runs"
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_ctrl_c_ends_a_program(example: Path) -> None:
    result = played(example, "tracebacks", "start server.py", "see uri", "stop")
    assert result.reason == ""
    assert "KeyboardInterrupt" in result.transcript


def test_programs_are_called_by_the_beginning_of_what_started_them(example: Path) -> None:
    result = played(
        example, "start asking.py one", "start asking.py two", "with asking.py one", "type a", "see hello a"
    )
    assert result.reason == ""


def test_arguments_may_be_quoted_and_name_the_fresh_folder(example: Path) -> None:
    (example / "told.py").write_text("import sys; print(sys.argv[1:])", encoding="utf8")
    result = played(example, 'start told.py "two words" {work}/file', "see ['two words', '{work}/file']")
    assert result.reason == ""


def test_programs_find_the_name_server_and_no_setting_of_the_caller(
    example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYRO_SERIALIZER", "nonsense")
    (example / "told.py").write_text(
        "import os; from pyro_client import locate_ns\n"
        "print(os.environ.get('PYRO_SERIALIZER'), locate_ns().count())",
        encoding="utf8",
    )
    result = played(
        example, "ns --log-level warning", "start told.py", "see None 1", "ends", "with ns", "stop"
    )
    assert result.reason == "", result.transcript


def test_an_address_that_arrives_in_two_parts(example: Path) -> None:
    (example / "server.py").write_text(
        "import sys; sys.stdout.write('PYRO:thing@local'); input(); print('host:1234'); input()"
    )
    (example / "told.py").write_text("import sys; print(*sys.argv)", encoding="utf8")
    stage = Stage(example, example)
    player = Player(stage)
    try:
        for verb, text in [("start", "server.py"), ("see", "PYRO:"), ("type", "")]:
            player.step(verb, text)
        player.step("start", "told.py {uri} {location}")
        player.step("see", "told.py PYRO:thing@localhost:1234 localhost:1234")
    finally:
        player.end()


def test_a_screen_of_its_own(example: Path) -> None:
    scene = scene_of("needs tkinter", "start window.py", "see 800", "ends")
    scene.steps.insert(0, ("display", ""))
    if reason := lacking(scene):
        pytest.skip(reason)
    (example / "window.py").write_text(
        "import tkinter; print(tkinter.Tk().winfo_screenwidth())", encoding="utf8"
    )
    result = play(scene, Player(Stage(example, example)))
    assert result.reason == "", result.transcript


def test_a_scene_that_lacks_something_says_what() -> None:
    assert lacking(scene_of("needs json os.path !sh", "start x.py")) == ""
    lines = ["needs json no_such_module no_such.child !no-such-command", "start x.py"]
    assert lacking(scene_of(*lines)) == "needs no_such_module, no_such.child, no-such-command"
    assert lacking(scene_of("skip too wet")) == "too wet"


def test_an_abandoned_scene_starts_nothing_more(example: Path) -> None:
    player = Player(Stage(example, example))
    player.step("start", "server.py")
    player.abandon()
    with pytest.raises(SceneError, match=r"server.py: expected 'x', but it ended without printing that"):
        player.step("see", "x")
    with pytest.raises(SceneError, match="the scene was abandoned"):
        player.step("start", "server.py")


def test_waiting_has_a_limit(example: Path) -> None:
    program = Program("asking.py", [sys.executable, "asking.py"], example, {})
    try:
        program.see("who?", LIMIT_S)
        with pytest.raises(SceneError, match="expected 'hello', but it spent 0 s without printing that"):
            program.see("hello", 0)
    finally:
        program.kill()
