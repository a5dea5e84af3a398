"""What type checkers say of programs that use typed proxies.

The samples ``good_*.py`` must be accepted as they are; in ``bad_*.py`` exactly the lines that end with a
comment such as ``# error: mypy[arg-type] pyright[reportArgumentType]`` must be reported, with that rule. Each
checker runs once, over all of them and over interfaces that ``pyro-cli gen stubs`` wrote.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Optional

import processes
import pytest
from stock_env import stock_python

from pyro_cli.main import main
from pyro_core.settings import ServerSettings
from pyro_server import Daemon, expose, oneway

HERE = Path(__file__).parent
SAMPLES = HERE / "typing_samples"
SOURCES = [str(path) for path in sorted(HERE.parent.glob("packages/*/src"))]
PATIENCE_S = 55.0
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

Reports = dict[str, dict[int, set[str]]]
"""File name -> line -> the rules that were reported."""


class Widget:
    """A class that clients do not know."""


@expose
class Everything:
    """Keeps \\ "things"; '\'\'' and \"\"\" too."""

    def store(self, item: str, count: int = 1, /, *, note: Optional[str] = None) -> int:  # noqa: UP045
        """Store it.

        Args:
            item: What.
        """
        return count

    def list(
        self,
        prefix: str = None,  # type: ignore[assignment]  # noqa: RUF013
        mode: Literal["all", "new"] = "all",
        widget: Widget | None = None,
        tags: dict[str, Widget] = {},  # noqa: B006
        sizes: tuple = (),  # type: ignore[type-arg]
        price: Decimal = Decimal(1),
        *more: list,  # type: ignore[type-arg]
        when: datetime | None = None,
        **rest: Callable[[int], Mapping[str, Sequence[int]]],
    ) -> list[str]:
        """List "them\""""
        return []

    def items(self, limit: "float" = 1) -> Generator[str, None, None]:
        yield ""

    async def later(self, wait=3.5): ...  # type: ignore[no-untyped-def]

    async def pairs(self) -> AsyncIterator[tuple[int, Widget]]:
        yield 1, Widget()

    @oneway
    def tell(self, *args: int, **named: Any) -> int:
        return 1

    @staticmethod
    def selfish(self: int) -> Any: ...  # noqa: PLW0211

    def __len__(self) -> int:
        return 1

    @property
    def size(self) -> int:
        """How many."""
        return 1

    @size.setter
    def size(self, size: int) -> None: ...

    @property
    def widget(self) -> Widget | None: ...

    def int(self, property: bool = True) -> int:  # last, as it hides the class
        return 1


GENERATED = ["stub_sync.py", "stub_async.py", "stub_stock4.py", "stub_stock4_async.py", "stub_stock5.py"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that is to be checked."""
    folder = tmp_path_factory.mktemp("typing")
    for path in SAMPLES.glob("*.py"):
        shutil.copy(path, folder)

    def generate(uri: object, name: str, *options: str) -> None:
        assert main(["gen", "stubs", str(uri), "--output", str(folder / name), *options]) == 0

    with Daemon(ServerSettings(host="127.0.0.1")) as daemon:
        uri = daemon.register(Everything())
        daemon.start()
        generate(uri, "stub_sync.py")
        generate(uri, "stub_async.py", "--async", "--name", "AsyncEverything")
    for generation in ("4", "5"):
        with processes.server("stock_server.py", generation, python=stock_python()) as stock:
            generate(stock, f"stub_stock{generation}.py")
            generate(stock, f"stub_stock{generation}_async.py", "--async")
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
@pytest.mark.parametrize("name", [*sorted(path.name for path in SAMPLES.glob("good_*.py")), *GENERATED])
def test_what_is_right_is_accepted(request: pytest.FixtureRequest, name: str, checker: str) -> None:
    reports: Reports = request.getfixturevalue(checker)
    assert (request.getfixturevalue("folder") / name).exists()
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


def test_generated_interfaces_are_laid_out_as_usual(folder: Path) -> None:
    ruff = [sys.executable, "-m", "ruff"]
    files = sorted(path.name for path in folder.glob("stub_*.py"))
    formatted = _run([*ruff, "format", "--isolated", "--diff", *files], folder, dict(os.environ))
    assert formatted.returncode == 0, formatted.stdout
    checks = ["check", "--isolated", "--select", "E4,E7,E9,F,I"]
    checked = _run([*ruff, *checks, *files], folder, dict(os.environ))
    assert checked.returncode == 0, checked.stdout


def test_a_generated_interface_says_what_the_object_offers(folder: Path) -> None:
    text = (folder / "stub_sync.py").read_text()
    for line in [
        "class Everything(Protocol):",
        "        self, item: str, count: _builtins.int = 1, /, *, note: str | None = None",
        "    def __len__(self) -> _builtins.int: ...",
        "    def items(self, limit: float = 1) -> Iterator[str]: ...",
        "    def pairs(self) -> Iterator[tuple[_builtins.int, Any]]: ...",
        "    def later(self, wait: Any = 3.5) -> Any: ...",
        "    def tell(self, *args: _builtins.int, **named: Any) -> None: ...",
    ]:
        assert line in text.splitlines(), text
    assert (
        "    async def int(self, property: bool = True) -> _builtins.int: ..."
        in (folder / "stub_async.py").read_text()
    )
