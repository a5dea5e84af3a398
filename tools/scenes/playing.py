"""Play scenes: start the programs, do the steps, say what came of it."""

import importlib
import os
import re
import shlex
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scenes.language import Scene
from scenes.programs import Program, SceneError

# With what follows it, as an address may arrive in two parts.
URI = re.compile(r"PYRO:[^\s'\",;()<>]+@[^\s'\",;()<>]+(?=[\s'\",;()<>])")
URL = re.compile(r"https?://[^\s'\",;()<>]+(?=[\s'\",;()<>])")
HALF_ADDRESS = re.compile(r"(PYRO:|https?://)\S*\Z")
ARRIVING_S = 1.0
NAME_SERVER = re.compile(r"PYRO:Pyro\.NameServer@(\S+)\s")
SCREEN = ("Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "800x600x24")
SCREEN_NUMBER = re.compile(r"^(\d+)$", re.MULTILINE)
ERROR = "Traceback (most recent call last)"
PASSED, FAILED, NOT_RUN = "passed", "FAILED", "not run"


@dataclass(frozen=True)
class Result:
    """What came of a scene.

    Attributes:
        scene: Its name.
        outcome: PASSED, FAILED or NOT_RUN.
        reason: Why not passed.
        seconds: How long it took.
        transcript: What its programs printed.
    """

    scene: str
    outcome: str
    reason: str = ""
    seconds: float = 0.0
    transcript: str = ""


@dataclass(frozen=True)
class Stage:
    """Where scenes are played.

    Attributes:
        folder: The example's files.
        work: A fresh folder.
        name_server: What starts a name server, after the interpreter.
        announced: Whether programs are told where it is; otherwise they have to look for it themselves.
        pythons: Interpreters for the programs, in the order in which they are started; the last goes on.
        patience_s: How long one step may take.
    """

    folder: Path
    work: Path
    name_server: str = "-m pyro_cli ns serve --port 0 --nobc"
    announced: bool = True
    pythons: Sequence[str] = (sys.executable,)
    patience_s: float = 30.0

    def environment(self) -> dict[str, str]:
        """Variables for programs: those of this process without its settings of Pyro."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("PYRO_")}
        # What is not flushed would not be seen; nobody's own contexts of pyro-cli are wanted.
        ours = {"PYTHONUNBUFFERED": "1", "PYROCLI_HOME": str(self.work / "no-contexts")}
        return plain | ours


class Player:
    """Goes through the steps of a scene.

    Args:
        stage: Where.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._pythons = list(stage.pythons)
        self._folder = stage.folder
        self._variables = stage.environment()
        self._starting = threading.Lock()
        self._abandoned = False
        self.programs: list[Program] = []
        self._current: Program | None = None
        self._verbs: dict[str, Callable[[str], None]] = {
            "ns": self._start_name_server,
            "in": self._enter,
            "env": self._set,
            "start": lambda text: self._start(text, text),
            "display": self._start_screen,
            "with": self._turn_to,
            "see": lambda text: self.current.see(text, self._stage.patience_s),
            "type": lambda line: self.current.type(line),  # noqa: PLW0108 - of the one that is current then
            "eof": lambda _: self.current.close_input(),
            "ends": lambda text: self.current.ends(int(text or 0), self._stage.patience_s),
            "stop": lambda _: self.current.interrupt(),
        }

    @property
    def current(self) -> Program:
        """The program that steps are about."""
        if self._current is None:
            raise SceneError("nothing was started before this step")
        return self._current

    def step(self, verb: str, text: str) -> None:
        """Do one step.

        Raises:
            SceneError: If it does not go as expected.
        """
        self._verbs[verb](text if verb == "with" else self._filled(text))

    def abandon(self) -> None:
        """End all programs and start no more; may be called from another thread."""
        with self._starting:
            self._abandoned = True
        self.end()

    def end(self) -> None:
        """End all programs, those that were started last first."""
        for program in reversed(self.programs):
            program.kill()

    def _enter(self, text: str) -> None:
        self._folder = self._stage.folder / text

    def _set(self, text: str) -> None:
        name, _, self._variables[name] = text.partition(" ")

    def _turn_to(self, text: str) -> None:
        for program in reversed(self.programs):
            if program.name == text or program.name.startswith(f"{text} "):
                self._current = program
                return
        names = ", ".join(program.name for program in self.programs)
        raise SceneError(f"no program {text!r} was started; there are: {names}")

    def _start(self, name: str, text: str) -> None:
        python = self._pythons.pop(0) if len(self._pythons) > 1 else self._pythons[0]
        self._run(name, [python, *shlex.split(text)])

    def _run(self, name: str, command: Sequence[str]) -> None:
        with self._starting:
            if self._abandoned:
                raise SceneError("the scene was abandoned")
            self._current = Program(name, command, self._folder, self._variables)
            self.programs.append(self._current)

    def _start_name_server(self, text: str) -> None:
        self._start(f"ns {text}".strip(), f"{self._stage.name_server} {text}")
        found = self.current.match(NAME_SERVER, "its address", self._stage.patience_s)
        host, _, port = found[1].rpartition(":")
        if self._stage.announced and port.isdigit():
            self._variables |= {"PYRO_NS_HOST": host.strip("[]"), "PYRO_NS_PORT": port}

    def _start_screen(self, _: str) -> None:
        before = self._current
        self._run("display", SCREEN)
        number = self.current.match(SCREEN_NUMBER, "the number of the screen", self._stage.patience_s)
        self._variables["DISPLAY"] = f":{number[1]}"
        self._current = before

    def _filled(self, text: str) -> str:
        text = text.replace("{work}", str(self._stage.work))
        if "{url}" in text:
            text = text.replace("{url}", self._last(URL, text))
        if "{uri}" in text or "{location}" in text:
            uri = self._last(URI, text)
            text = text.replace("{uri}", uri).replace("{location}", uri.partition("@")[2])
        return text

    def _last(self, form: re.Pattern[str], text: str) -> str:
        printed = [found for each in self.programs for found in each.all(form, HALF_ADDRESS, ARRIVING_S)]
        if not printed:
            raise SceneError(f"no program printed an address that could stand in {text!r}")
        return printed[-1]


def play(scene: Scene, player: Player) -> Result:
    """Play a scene and end all its programs."""
    began = time.monotonic()
    problem = ""
    try:
        for verb, text in scene.steps:
            player.step(verb, text)
        # Now, as programs may well complain about others that are killed.
        failed = [program.name for program in player.programs if ERROR in program.output]
        if failed and not scene.tracebacks:
            problem = f"a traceback was printed by {', '.join(failed)}"
    except SceneError as error:
        problem = str(error)
    finally:
        player.end()
    transcript = "".join(f"######## {each.name}\n{each.output}\n" for each in player.programs)
    return Result(scene.name, FAILED if problem else PASSED, problem, time.monotonic() - began, transcript)


def lacking(scene: Scene) -> str:
    """Why a scene cannot be played with this interpreter on this machine; empty if it can."""
    if scene.skip:
        return scene.skip
    wanted = [*scene.needs, *(f"!{SCREEN[0]}" for verb, _ in scene.steps if verb == "display")]
    missing = [each for each in wanted if not _is_there(each)]
    return f"needs {', '.join(each.lstrip('!') for each in missing)}" if missing else ""


def _is_there(need: str) -> bool:
    if need.startswith("!"):
        return shutil.which(need[1:]) is not None
    try:
        importlib.import_module(need)
    except ImportError:
        return False
    return True
