"""A real terminal, by way of tmux."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import processes

TMUX = shutil.which("tmux")
CLI = [sys.executable, "-m", "pyro_cli"]
PROMPT = "ready> "
AGAIN_S = 0.5
"""After which a key that had no effect is pressed again."""


class Terminal:
    """A bash in a terminal of 160 columns and 60 rows, with ``pyro-cli`` as a command.

    Args:
        folder: For its files; its name is short, as that of a Unix socket must be.
        env: Variables of ours.
    """

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._tmux = [str(TMUX), "-S", str(folder / "tmux"), "-f", os.devnull]
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        command = bin_folder / "pyro-cli"
        command.write_text(f'#!/bin/sh\nexec {shlex.join(CLI)} "$@"\n')
        command.chmod(0o755)
        profile = folder / "profile"
        path = os.pathsep.join([str(bin_folder), os.environ["PATH"]])
        profile.write_text(f"PATH={shlex.quote(path)}\nPS1={shlex.quote(PROMPT)}\nunset HISTFILE\n")
        shell = ["bash", "--noprofile", "--rcfile", str(profile), "-i"]
        size = ["-x", "160", "-y", "60"]
        surroundings = processes.environment({"TERM": "screen", **env})
        subprocess.run(
            [*self._tmux, "new-session", "-d", *size, shlex.join(shell)], env=surroundings, check=True
        )

    def keys(self, *keys: str) -> None:
        """Press keys, such as ``C-c``, ``Tab`` or ``Enter``."""
        subprocess.run([*self._tmux, "send-keys", *keys], check=True)

    def type(self, text: str) -> None:
        """Type text, without Enter."""
        subprocess.run([*self._tmux, "send-keys", "-l", text], check=True)

    def line(self, text: str) -> None:
        """Type a line on a cleared screen."""
        self.keys("C-l")
        self.type(text)
        self._until(lambda screen: text[:60] in screen.partition("\n")[0])  # it was cleared
        self.keys("Enter")

    def forget_line(self) -> None:
        """Press Ctrl-C in a line that was not entered."""
        self.keys("C-c")
        self._until(lambda screen: screen.rstrip().endswith("\n" + PROMPT.strip()), "an empty line")

    def press_until(self, key: str, text: str) -> None:
        """Press a key again and again, as two presses that come too quickly may count as one."""
        for _ in range(int(processes.PATIENCE_S / AGAIN_S)):
            self.keys(key)
            if self._seen(lambda screen: text in screen, AGAIN_S):
                return
        raise AssertionError(f"{text!r} did not appear on the screen:\n{self.screen()}")

    def screen(self) -> str:
        """What can be seen."""
        done = subprocess.run([*self._tmux, "capture-pane", "-p"], capture_output=True, text=True, check=True)
        return done.stdout

    def wait(self, *texts: str) -> str:
        """The screen, as soon as all of these texts are on it."""
        return self._until(lambda screen: all(text in screen for text in texts), str(texts))

    def _until(self, fits: Callable[[str], bool], what: str = "what was typed") -> str:
        if screen := self._seen(fits, processes.PATIENCE_S):
            return screen
        raise AssertionError(f"{what} did not appear on the screen:\n{self.screen()}")

    def _seen(self, fits: Callable[[str], bool], within_s: float) -> str:
        """The screen, as soon as it fits; empty if it does not in time."""
        ends = time.monotonic() + within_s
        while time.monotonic() < ends:
            screen = self.screen()
            if fits(screen):
                return screen
            time.sleep(0.05)  # a terminal has no way to tell that it changed
        return ""

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False)
