"""Becomes conftest.py beside the suite: writes what happens, line by line, as JSON.

Line by line, so that what was found out survives when the process is ended. This runs in the environment
of the suite and imports nothing of the tool.
"""

import atexit
import faulthandler
import importlib.util
import json
import os
import re
import unittest
from typing import Any, TextIO

import pytest

RECORD = "STOCK_SUITE_RECORD"
ORIGIN = "STOCK_SUITE_ORIGIN"
# Seconds that threads left behind have to end, once the tests are over.
GRACE_S = 15
STDERR = 2
# "package.module.NameOfError: message", or without a message.
ERROR = re.compile(r"(\w+\.)*[A-Z]\w*(: |$)")
TEXT_LIMIT_CHARS = 20_000


class Recorder:
    """Writes one line for each thing that happens.

    Args:
        stream: Where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._tests: dict[str, dict[str, Any]] = {}

    def write(self, what: str, **fields: Any) -> None:
        """Write a line."""
        self._stream.write(json.dumps({"what": what, **fields}) + "\n")
        self._stream.flush()

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        self.write("collected", node=item.nodeid)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        for item in items:
            self.write("deselected", node=item.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            text = report.longreprtext
            self.write("broken", node=report.nodeid, reason=last_error(text), text=text)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.write("started", node=nodeid)
        self._tests[nodeid] = {"outcome": "passed", "reason": "", "text": "", "seconds": 0.0}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = self._tests[report.nodeid]
        test["seconds"] += report.duration
        if report.failed and test["outcome"] != "failed":
            captured = "".join(f"\n--- {title}\n{content}" for title, content in report.sections)
            text = (report.longreprtext + captured)[:TEXT_LIMIT_CHARS]
            test.update(outcome="failed", reason=last_error(report.longreprtext), text=text)
        elif report.skipped and test["outcome"] == "passed":
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            test.update(outcome="skipped", reason=reason.removeprefix("Skipped: "), text=reason)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.write("ended", node=nodeid, **self._tests.pop(nodeid))

    def pytest_sessionfinish(self) -> None:
        self.write("over")


def last_error(text: str) -> str:
    """The line of a traceback, as pytest shows it, that names the error."""
    errors = [line[1:].strip() for line in text.splitlines() if line.startswith("E  ")]
    named = [line for line in errors if ERROR.match(line)]
    lines = named[-1:] or errors[:1] or text.strip().splitlines()[-1:]
    return lines[0] if lines else ""


def pytest_configure(config: pytest.Config) -> None:
    """Check which Pyro4 is at hand, and start to write."""
    found = importlib.util.find_spec("Pyro4")
    if found is None or found.origin != os.environ[ORIGIN]:
        raise pytest.UsageError(f"Pyro4 is {found and found.origin}, expected {os.environ[ORIGIN]}")
    if not hasattr(unittest.TestCase, "assertEquals"):
        # Python 3.12 removed it; one test of the suite uses it.
        unittest.TestCase.assertEquals = unittest.TestCase.assertEqual
    stream = open(os.environ[RECORD], "w", encoding="utf8")  # noqa: SIM115 - open until the process ends
    recorder = Recorder(stream)
    config.pluginmanager.register(recorder, "stock-suite-recorder")
    # Comes after the end of every thread that is not a daemon.
    atexit.register(recorder.write, "exit")


def pytest_unconfigure() -> None:
    """See to it that threads left behind do not keep the process alive."""
    faulthandler.dump_traceback_later(GRACE_S, exit=True, file=STDERR)
