"""The window of docs/guides/event-loops-and-guis.md shows what callers say, on a screen that nobody sees."""

import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import processes
import pytest

from pyro_client import Proxy

PAGE = Path(__file__).parents[1] / "docs" / "guides" / "event-loops-and-guis.md"


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs a screen (apt-get install xvfb)")
@pytest.mark.skipif(find_spec("_tkinter") is None, reason="this Python was built without tkinter")
def test_the_window_serves_calls_while_its_loop_runs(tmp_path: Path) -> None:
    (code,) = re.findall(r"^```python window\.py\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    shown = code.replace("        todo.get()()\n", "        todo.get()()\n        print(label['text'])\n")
    assert shown != code
    (tmp_path / "window.py").write_text(shown, encoding="utf-8")
    screen_command = ["Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "640x480x24"]
    with processes.running(screen_command) as screen:
        env = {"DISPLAY": f":{processes.wait_for(screen, '')}"}
        with processes.running([sys.executable, str(tmp_path / "window.py")], env=env) as window:
            uri = processes.wait_for(window, "PYRO:")
            with Proxy(uri) as display:
                display.show("hello from afar")
            assert processes.wait_for(window, "hello") == "hello from afar"
