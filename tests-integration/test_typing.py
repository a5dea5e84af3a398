"""What type checkers say of programs that use typed proxies.

The samples ``good_*.py`` must be accepted as they are; in ``bad_*.py`` exactly the lines that end with a
comment such as ``# error: mypy[arg-type] pyright[reportArgumentType]`` must be reported, with that rule. Each
checker runs once, over all of them.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SAMPLES = HERE / "typing_samples"
SOURCES = [str(path) for path in sorted(HERE.parent.glob("packages/*/src"))]
PATIENCE_S = 55.0
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

Reports = dict[str, dict[int, set[str]]]
"""File name -> line -> the rules that were reported."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that is to be checked."""
    folder = tmp_path_factory.mktemp("typing")
    for path in SAMPLES.glob("*.py"):
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def mypy(folder: Path) -> Reports:
    command = [sys.executable, "-m", "mypy", "--config-file=", "--strict", "--no-pretty"]
    command += ["--show-error-codes", "--hide-error-context", "--cache-dir", str(folder / "cache"), "."]
    env = {**os.environ, "MYPYPATH": os.pathsep.join(SOURCES)}
    done = _run(command, folder, env)
    reports: Reports = defaultdict(lambda: defaultdict(set))
    for line in done.stdout.splitlines():
        found = re.fullmatch(r"(\S+?):(\d+): error: .*\[([a-z-]+)\]", line)
        if found:
            reports[Path(found[1]).name][int(found[2])].add(found[3])
        else:
            assert ": note: " in line or re.match("Found|Success", line), done.stdout + done.stderr
    return reports


@pytest.fixture(scope="module")
def pyright(folder: Path) -> Reports:
    if importlib.util.find_spec("basedpyright") is None:
        pytest.skip("needs basedpyright, the pyright that brings its own node: pip install basedpyright")
    settings = {
        "typeCheckingMode": "strict",
        "pythonVersion": VERSION,
        "include": ["."],
        "extraPaths": SOURCES,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    done = _run([sys.executable, "-m", "basedpyright", "-p", ".", "--outputjson"], folder, dict(os.environ))
    reports: Reports = defaultdict(lambda: defaultdict(set))
    for one in json.loads(done.stdout)["generalDiagnostics"]:
        if one["severity"] == "error":
            reports[Path(one["file"]).name][one["range"]["start"]["line"] + 1].add(one.get("rule", "error"))
    return reports


def _run(command: list[str], folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def _expected(path: Path, checker: str) -> dict[int, str]:
    """Line -> rule, as the comments say."""
    marks = {
        number: re.search(rf"# error: .*\b{checker}\[([\w-]+)\]", line)
        for number, line in enumerate(path.read_text().splitlines(), 1)
    }
    return {number: mark[1] for number, mark in marks.items() if mark}


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("good_*.py")))
def test_what_is_right_is_accepted(request: pytest.FixtureRequest, name: str, checker: str) -> None:
    reports: Reports = request.getfixturevalue(checker)
    assert not reports[name]


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("bad_*.py")))
def test_mistakes_are_reported_where_they_are(
    request: pytest.FixtureRequest, name: str, checker: str
) -> None:
    expected = _expected(SAMPLES / name, checker)
    reported = request.getfixturevalue(checker)[name]
    assert expected
    assert sorted(reported) == sorted(expected)
    assert {line: rule for line, rule in expected.items() if rule not in reported[line]} == {}
