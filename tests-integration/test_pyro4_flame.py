"""Flame between the module ``Pyro4`` of ours and stock Pyro4, in both directions."""

import json
import stat
import sys
from pathlib import Path

import processes
import pytest
from stock_env import stock_python

EXPECTED = {
    "module": ["a/b", "_RemoteMethod"],
    "described": True,
    "builtin": 3,
    "evaluate": 4.0,
    "error": "integer division or modulo by zero",
    "sent module": 42,
    "source": True,
    "file": "\x00sent",
    "console": [["", False], ["", True], ["", True], ["21\n", False]],
    "console error": True,
    "banner": True,
}


def python_of(who: str) -> Path:
    return stock_python() if who == "stock" else Path(sys.executable)


@pytest.mark.parametrize(
    ("client", "server"), [("facade", "facade"), ("facade", "stock"), ("stock", "facade")]
)
def test_everything_that_flame_can_do(client: str, server: str, tmp_path: Path) -> None:
    script = processes.PEERS / "flame_client.py"
    command = [str(python_of(server)), "-m", "Pyro4.utils.flameserver"]
    with processes.running(command, env={"PYRO_FLAME_ENABLED": "true"}) as process:
        location = processes.wait_for(process, "server uri:").rpartition("@")[2]
        done = processes.run(
            [python_of(client), script, location, tmp_path / "sent"], typed="y = 6\nprint(y * 7)\n"
        )
    prompt = ">>> >>> 42\n>>> "
    assert prompt in done.stdout
    assert "(Remote session ended)" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1]) == EXPECTED
    assert stat.S_IMODE((tmp_path / "sent").stat().st_mode) == 0o600


def test_a_flame_server_is_off_by_default() -> None:
    done = processes.run([sys.executable, "-m", "Pyro4.utils.flameserver"], check=False)
    assert done.returncode != 0
    assert "SecurityError: flame is disabled" in done.stderr
