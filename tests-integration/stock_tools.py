"""Runs the tools that bring programs of stock Pyro4 and try them with our module ``Pyro4``."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import processes
import pytest

ROOT = Path(__file__).parent.parent
UNAVAILABLE = 77


def require_all_well(tool: str, *arguments: str, limit_s: float) -> None:
    """Run a tool; skip the test if this machine cannot offer what it takes, fail it if not all is well.

    Args:
        tool: Its name, such as "stock_suite".
        arguments: For its command line.
        limit_s: How long it may take, in seconds.
    """
    running = subprocess.Popen(
        [sys.executable, str(ROOT / "tools" / tool), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=processes.environment(),
        start_new_session=True,
    )
    late = False
    try:
        told, _ = running.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        late = True
    finally:
        # With the processes that it started, when it is ended early.
        try:
            os.killpg(running.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    if late:
        told, _ = running.communicate()
        pytest.fail(f"{tool} did not end within {limit_s:g} s; it told:\n{told}")
    if running.returncode == UNAVAILABLE:
        pytest.skip(told.strip())
    assert running.returncode == 0, told
