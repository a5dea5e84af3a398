"""``hatch run demo``: the main job, from end to end."""

import sys
from pathlib import Path

import processes

DEMO = Path(__file__).parent.parent / "examples" / "warehouse" / "demo.py"


def test_the_demo_tells_its_whole_story_and_ends_by_itself() -> None:
    story = processes.run([sys.executable, DEMO]).stdout
    scenes = [
        "name server | ",
        "example.warehouse  PYRO:",
        "Janet | stored the piano: 6 of 8 places are taken",
        "Janet | took the bike",
        "warehouse | Janet took the bike",
        "Henry | took the piano",
        "could not take the unicorn",
        "Remote traceback:",
        "LookupError: there is no unicorn in the warehouse, Zoe",
        "has no exposed attribute or method 'teleport'",
        "TypeError: ",
        "did you mean 'example.warehouse'",
        "every process has ended",
    ]
    missing = [scene for scene in scenes if scene not in story]
    assert not missing, story
