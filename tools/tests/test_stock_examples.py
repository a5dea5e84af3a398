import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[1] / "stock_examples"
LIMIT_S = 20.0


def test_the_tool_tells_of_a_scene_that_there_is_not() -> None:
    done = subprocess.run(
        [sys.executable, str(TOOL), "nonsense"], capture_output=True, text=True, check=False, timeout=LIMIT_S
    )
    assert (done.returncode, done.stdout) == (1, "there is no scene nonsense\n")
