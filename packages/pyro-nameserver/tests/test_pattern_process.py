"""The process that matches one costly pattern."""

import json
import signal
import subprocess
import sys

import pytest

from pyro_nameserver import pattern_process


def _ask(question: dict[str, object]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-I", "-S", str(pattern_process.__file__)],
        input=json.dumps(question).encode(),
        capture_output=True,
        timeout=30,
        check=False,
    )


def test_it_answers_with_positions() -> None:
    done = _ask({"pattern": "a", "names": ["ab", "ba", "a"], "match_s": 30})
    assert (done.returncode, json.loads(done.stdout)) == (0, [0, 2])


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the parent alone keeps the time on this system")
def test_it_ends_itself_when_its_time_is_up() -> None:
    """So that none is left behind when the name server is killed meanwhile."""
    done = _ask({"pattern": "(a+)+$", "names": ["a" * 60 + "!"], "match_s": 0.05})
    assert done.returncode == -signal.SIGALRM
