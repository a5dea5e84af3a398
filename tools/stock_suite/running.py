"""Running one file of the suite: a process of its own, in a private network of its own."""

import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

from stock_suite import outcomes, sdist
from stock_suite.commands import environment
from stock_suite.environments import Environment
from stock_suite.problems import UnavailableError

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests-integration"))
import network_namespace

TEST_LIMIT_S = 60
FILE_LIMIT_S = 400
ABORT_S = 10
CONFTEST = Path(__file__).parent / "recording_conftest.py"
# No setting of this machine or repository reaches the suite.
SETTINGS = f"[pytest]\ntimeout = {TEST_LIMIT_S}\n"
_RESOLVES_TO_SIX = "import socket; socket.getaddrinfo('localhost', 1, socket.AF_INET6)"
_BINDS_SIX = "import socket; socket.socket(socket.AF_INET6).bind(('::1', 0))"


@dataclass(frozen=True)
class Suite:
    """The suite, ready to run.

    Attributes:
        archive: The source distribution.
        environment: Where it runs.
        work: Folder for its files.
        hosts: File to be seen as /etc/hosts.
    """

    archive: Path
    environment: Environment
    work: Path
    hosts: Path


def write_hosts(folder: Path) -> Path:
    """Write a list of hosts in which ``localhost`` has an IPv6 address, too; return the file."""
    path = folder / "hosts"
    path.write_text(f"127.0.0.1 localhost {socket.gethostname()}\n::1 localhost\n", encoding="utf8")
    return path


def require_network() -> None:
    """Check that private networks can be had.

    Raises:
        UnavailableError: If not, with the reason.
    """
    if reason := network_namespace.missing():
        raise UnavailableError(reason)


def has_ipv6(suite: Suite) -> bool:
    """Whether ``localhost`` has a usable IPv6 address inside the private network."""
    command = [str(suite.environment.python), "-c", f"{_RESOLVES_TO_SIX}; {_BINDS_SIX}"]
    inside = network_namespace.inside(command, hosts=suite.hosts)
    return subprocess.run(inside, capture_output=True, check=False, timeout=30).returncode == 0


def run_file(suite: Suite, file: str, arguments: Sequence[str]) -> outcomes.FileRun:
    """Run one file of the suite.

    Args:
        suite: The suite.
        file: Such as "test_core".
        arguments: Further arguments for pytest; node ids of this file instead of the file.
    """
    if not any("::" in argument for argument in arguments):
        arguments = [f"PyroTests/{file}.py", *arguments]
    with tempfile.TemporaryDirectory(dir=suite.work, prefix=f"{file}-") as folder:
        tests = sdist.unpack(suite.archive, Path(folder), "tests", "certs")
        copyfile(CONFTEST, tests / "conftest.py")
        (tests / "pytest.ini").write_text(SETTINGS, encoding="utf8")
        record = Path(folder) / "record"
        began = time.monotonic()
        ended, log = _pytest(suite, tests, record, arguments)
        lines = record.read_text(encoding="utf8").splitlines() if record.exists() else []
        return outcomes.read(lines, ended=ended, log=log, seconds=time.monotonic() - began)


def _pytest(suite: Suite, tests: Path, record: Path, arguments: Sequence[str]) -> tuple[str, str]:
    """Run pytest; return how it ended, if unexpectedly, and what it printed."""
    python = [str(suite.environment.python), "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    variables = {
        **environment(),
        "PYTHONPATH": "PyroTests",
        "STOCK_SUITE_RECORD": str(record),
        "STOCK_SUITE_ORIGIN": str(suite.environment.origin),
    }
    process = subprocess.Popen(
        network_namespace.inside([*python, *arguments], hosts=suite.hosts),
        cwd=tests,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    ended = ""
    try:
        log, _ = process.communicate(timeout=FILE_LIMIT_S)
    except subprocess.TimeoutExpired:
        ended = f"it did not end within {FILE_LIMIT_S} s"
        log = _abort(process)
    finally:
        process.kill()
    # 0 and 1: the tests passed, or some failed; 5: -k left none.
    if not ended and process.returncode not in (0, 1, 5):
        ended = f"pytest ended with status {process.returncode}"
    return ended, log.decode(errors="replace")


def _abort(process: subprocess.Popen[bytes]) -> bytes:
    """End a process in a way that makes it print what its threads are doing; return what it printed."""
    process.send_signal(signal.SIGABRT)
    try:
        return process.communicate(timeout=ABORT_S)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0]
