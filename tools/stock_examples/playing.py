"""Play one scene. Runs as a program of its own, inside the scene's private network.

Reads what to do as JSON from standard input and writes what came of it as JSON.
"""

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from scenes.language import Scene  # noqa: E402
from scenes.playing import Player, Stage, play  # noqa: E402


def play_stock(told: dict[str, Any]) -> dict[str, Any]:
    """Play a scene with stock Pyro4's name server, which programs find by broadcasting."""
    stage = Stage(
        Path(told["folder"]),
        Path(told["work"]),
        name_server="-m Pyro4.naming",
        announced=False,
        pythons=told["pythons"],
        patience_s=60.0,
    )
    return asdict(play(Scene(**told["scene"]), Player(stage)))


if __name__ == "__main__":
    # Programs started by a process that ignores Ctrl-C would ignore it, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print(json.dumps(play_stock(json.load(sys.stdin))))
