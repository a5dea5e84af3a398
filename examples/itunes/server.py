"""Lets others control the media player of this machine.

Usage: python server.py [--pretend]
"""

import argparse
import threading
from dataclasses import asdict
from typing import Any

from players import LOUDEST, Player, find_player

from pyro_server import expose, serve

NAME = "example.mediaplayer"


@expose
class MediaPlayer:
    """The remote side of a player: checks what it is told, and does one thing at a time."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._lock = threading.Lock()  # several people may have a remote control

    @property
    def name(self) -> str:
        """Which player it is."""
        return self._player.name

    def state(self) -> dict[str, Any]:
        """Whether it plays, the track, and the volume (0 to 100)."""
        with self._lock:
            return asdict(self._player.state())

    def play(self) -> None:
        with self._lock:
            self._player.play()
        print("play", flush=True)

    def pause(self) -> None:
        with self._lock:
            self._player.pause()
        print("pause", flush=True)

    def skip(self, tracks: int = 1) -> None:
        """Go on by so many tracks, or back if it is negative."""
        with self._lock:
            self._player.skip(tracks)
        print(f"skip {tracks}", flush=True)

    @property
    def volume(self) -> int:
        """From 0 to 100."""
        with self._lock:
            return self._player.state().volume

    @volume.setter
    def volume(self, volume: int) -> None:
        if not isinstance(volume, int) or not 0 <= volume <= LOUDEST:
            raise ValueError(f"the volume is a whole number from 0 to {LOUDEST}, not {volume!r}")
        with self._lock:
            self._player.set_volume(volume)
        print(f"volume {volume}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Lets others control the media player of this machine.")
    parser.add_argument("--pretend", action="store_true", help="control one that plays nothing")
    serve({MediaPlayer(find_player(pretend=parser.parse_args().pretend)): NAME})
