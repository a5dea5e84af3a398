"""Programs of the integration tests: started, waited for by what they print, and always ended."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PEERS = Path(__file__).parent / "peers"
NO_FILES = PEERS / "no-such-folder"
"""Where ``pyro-cli`` finds no contexts: those of whoever runs the tests are none of their business."""
PATIENCE_S = 30.0
"""How long a program may take to end before it is killed."""


def environment(
    extra: Mapping[str, str] | None = None, *, python: str | Path = sys.executable
) -> dict[str, str]:
    """This process's environment without settings of ours that happen to be set, plus ``extra``.

    Stock Pyro5 refuses variables that begin with PYRO_ and that it does not know; another interpreter than
    this one is to find its own packages only.
    """
    plain = {key: value for key, value in os.environ.items() if not key.startswith("PYRO_")}
    if Path(python).name.startswith("python") and str(python) != sys.executable:
        plain.pop("PYTHONPATH", None)
    return {**plain, "PYTHONUNBUFFERED": "1", "PYROCLI_HOME": str(NO_FILES), **(extra or {})}


@contextmanager
def server(
    script: str, *arguments: str, python: str | Path = sys.executable, env: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a server script of ``peers/`` that prints ``ready URI`` and ends when its standard input closes.

    Yields:
        The URI.
    """
    with running([str(python), str(PEERS / script), *arguments], env=env) as process:
        yield wait_for(process, "ready ").removeprefix("ready ")


@contextmanager
def running(
    command: Sequence[str], *, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run a program with pipes for its input and output; it is ended on the way out."""
    process = subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(env, python=command[0]),
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def wait_for(process: subprocess.Popen[str], word: str) -> str:
    """The first line of a program's output that contains ``word``."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        if word in line:
            return line.strip()
        seen.append(line)
    raise AssertionError(
        f"{process.args} ended with {process.wait()} before it printed {word!r}: {''.join(seen)}"
    )


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    check: bool = True,
    typed: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, with its output and errors as text; ``typed`` is its input."""
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        input=typed,
        timeout=PATIENCE_S,
        env=environment(env, python=command[0]),
        check=False,
    )
    if check:
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done


def outcomes(
    python: Path, script: str, *arguments: str, env: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What a client script of ``peers/`` reports, as it prints it in its last line."""
    done = run([python, PEERS / script, *arguments], env=env)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
