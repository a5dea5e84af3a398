"""Media players that can be controlled by a program."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Protocol

APPLICATION = "Music"
"""What was called iTunes before macOS 10.15."""
LOUDEST = 100
TRACKS = ("Kraftwerk - Computer Love", "Bach - Air", "Nina Simone - Sinnerman")


@dataclass(frozen=True)
class State:
    """What a player is doing."""

    playing: bool
    track: str
    volume: int


class Player(Protocol):
    """What can be done with any of them."""

    name: str

    def state(self) -> State: ...
    def play(self) -> None: ...
    def pause(self) -> None: ...
    def skip(self, tracks: int) -> None: ...
    def set_volume(self, volume: int) -> None: ...


class MusicPlayer:
    """Apple's player, told in AppleScript what to do."""

    name = APPLICATION

    def state(self) -> State:
        playing = self._tell("player state as text") == "playing"
        track = self._tell('artist of current track & " - " & name of current track') if playing else ""
        return State(playing, track, int(self._tell("sound volume")))

    def play(self) -> None:
        self._tell("play")

    def pause(self) -> None:
        self._tell("pause")

    def skip(self, tracks: int) -> None:
        for _ in range(abs(tracks)):
            self._tell("next track" if tracks > 0 else "previous track")

    def set_volume(self, volume: int) -> None:
        # Only numbers get into the script: text of a client could be a script of its own.
        self._tell(f"set sound volume to {int(volume)}")

    def _tell(self, what: str) -> str:
        script = f'tell application "{APPLICATION}" to {what}'
        done = subprocess.run(["osascript", "-e", script], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{APPLICATION} does not do {what!r}: {done.stderr.strip()}")
        return done.stdout.strip()


class PretendPlayer:
    """Plays nothing, but does so in the right order."""

    name = "a pretend player"

    def __init__(self) -> None:
        self._playing = False
        self._track = 0
        self._volume = 50

    def state(self) -> State:
        return State(self._playing, TRACKS[self._track], self._volume)

    def play(self) -> None:
        self._playing = True

    def pause(self) -> None:
        self._playing = False

    def skip(self, tracks: int) -> None:
        self._track = (self._track + tracks) % len(TRACKS)

    def set_volume(self, volume: int) -> None:
        self._volume = volume


def find_player(*, pretend: bool) -> Player:
    """The player of this machine; a pretend one if it has none, or if that is wanted."""
    installed = sys.platform == "darwin" and shutil.which("osascript") is not None
    return PretendPlayer() if pretend or not installed else MusicPlayer()
