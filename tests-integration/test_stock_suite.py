"""Stock Pyro4's own test suite passes with our module Pyro4 in place of the stock one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import processes
import pytest

ROOT = Path(__file__).parent.parent
LIMIT_S = 900
UNAVAILABLE = 77


@pytest.mark.skipif(
    not (ROOT / "packages" / "pyro4-compat").is_dir(), reason="packages/pyro4-compat is not here"
)
@pytest.mark.timeout(LIMIT_S + 30)
def test_what_stock_promises_in_its_own_tests_holds() -> None:
    tool = subprocess.Popen(
        [sys.executable, str(ROOT / "tools" / "stock_suite")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=processes.environment(),
        start_new_session=True,
    )
    try:
        told, _ = tool.communicate(timeout=LIMIT_S)
    finally:
        # With the processes that it started, when it is ended early.
        try:
            os.killpg(tool.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    if tool.returncode == UNAVAILABLE:
        pytest.skip(told.strip())
    assert tool.returncode == 0, told
