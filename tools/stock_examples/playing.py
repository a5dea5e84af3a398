"""Play one scene. Runs as a program of its own, inside the scene's private network.

Reads what to do as JSON from standard input and writes what came of it as JSON.
"""

import json
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from stock_examples.programs import Program, SceneError  # noqa: E402

STEP_LIMIT_S = 60.0
URI = re.compile(r"PYRO:[^\s']+@[^\s']+")
NAME_SERVER = "-m Pyro4.naming"
ERROR = "Traceback (most recent call last)"


class Player:
    """Goes through the steps of a scene.

    Args:
        pythons: Interpreters for the programs, in the order in which they are started; the last goes on.
        folder: The example's own copy of its files.
    """

    def __init__(self, pythons: Sequence[str], folder: Path) -> None:
        self._pythons = list(pythons)
        self._example = folder
        self._folder = folder
        self._variables = {
            name: value for name, value in os.environ.items() if not name.startswith("PYRO_")
        } | {"PYTHONUNBUFFERED": "1"}
        self.programs: list[Program] = []
        self._current: Program | None = None

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
        if verb == "ns":
            self._start(NAME_SERVER)
            self.current.see("URI =", STEP_LIMIT_S)
        elif verb == "in":
            self._folder = self._example / text
        elif verb == "env":
            name, _, self._variables[name] = text.partition(" ")
        elif verb == "start":
            self._start(text)
        elif verb == "with":
            self._current = next(program for program in reversed(self.programs) if program.name == text)
        elif verb == "see":
            self.current.see(text, STEP_LIMIT_S)
        elif verb == "type":
            self.current.type(self._filled(text))
        elif verb == "eof":
            self.current.close_input()
        elif verb == "ends":
            self.current.ends(int(text or 0), STEP_LIMIT_S)
        elif verb == "stop":
            self.current.interrupt()

    def _start(self, text: str) -> None:
        python = self._pythons.pop(0) if len(self._pythons) > 1 else self._pythons[0]
        self._current = Program([python, *text.split()], self._folder, self._variables)
        self.programs.append(self._current)

    def _filled(self, text: str) -> str:
        if "{" not in text:
            return text
        printed = [uri for program in self.programs for uri in URI.findall(program.output)]
        if not printed:
            raise SceneError(f"no program printed a URI that could be typed for {text!r}")
        return text.format(uri=printed[-1], location=printed[-1].partition("@")[2])


def play(told: dict[str, Any]) -> dict[str, Any]:
    """Play a scene; return what went wrong, if anything, and the output of each program."""
    player = Player(told["pythons"], Path(told["folder"]))
    problem = ""
    try:
        for verb, text in told["steps"]:
            player.step(verb, text)
        # Now, as programs may well complain about others that are killed.
        failed = [program.name for program in player.programs if ERROR in program.output]
        if failed and not told["tracebacks"]:
            problem = f"a traceback was printed by {', '.join(failed)}"
    except SceneError as error:
        problem = str(error)
    finally:
        for program in reversed(player.programs):
            program.kill()
    return {"problem": problem, "outputs": [[each.name, each.output] for each in player.programs]}


if __name__ == "__main__":
    # Programs started by a process that ignores Ctrl-C would ignore it, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print(json.dumps(play(json.load(sys.stdin))))
