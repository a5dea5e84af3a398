"""Third-party distributions, installed as users would, next to a broken one."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import processes
import pytest

ROOT = Path(__file__).parent.parent
PLUGINS = ROOT / "examples" / "plugins"
EXAMPLES = (
    "pyro-example-json-names",
    "pyro-example-per-connection",
    "pyro-example-plist",
    "pyro-example-tree",
)
BROKEN = {
    "pyproject.toml": """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "pyro-broken"
version = "1.0"
[project.entry-points."pyro.serializers"]
broken = "pyro_broken:BrokenSerializer"
[project.entry-points."pyro.commands"]
broken = "pyro_broken.commands:broken"
""",
    "src/pyro_broken/__init__.py": "import a_module_that_is_not_installed\n",
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that sees everything of this one, and the plugins on top; returns its interpreter."""
    folder = tmp_path_factory.mktemp("plugins")
    for name, content in BROKEN.items():
        file = folder / "broken" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf8")
    venv = folder / "venv"
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    assert uv is not None, "uv belongs to the default environment of hatch.toml"
    target = venv / "site"
    sources = [*(PLUGINS / name for name in EXAMPLES), folder / "broken"]
    subprocess.run(
        [
            uv,
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--python",
            sys.executable,
            "--target",
            target,
            *sources,
        ],
        check=True,
        capture_output=True,
    )
    return target


def python(environment: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return processes.run([sys.executable, *arguments], env={"PYTHONPATH": str(environment)}, check=check)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_plugin_passes_its_tests(environment: Path, name: str) -> None:
    done = python(
        environment, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", str(PLUGINS / name)
    )
    assert " passed" in done.stdout


def test_names_are_kept_in_the_storage_of_a_plugin_and_shown_by_its_command(
    environment: Path, tmp_path: Path
) -> None:
    storage = f"jsonfile:{tmp_path / 'names.json'}"
    code = f"""
import os
from click.testing import CliRunner
from pyro_cli.main import cli
from pyro_client import locate_ns
from pyro_nameserver import start_ns

for _ in range(2):
    with start_ns("127.0.0.1", 0, storage={storage!r}) as nameserver:
        os.environ["PYRO_NS_HOST"] = f"127.0.0.1:{{nameserver.uri.port}}"
        with locate_ns() as phone_book:
            print(sorted(phone_book.list("shop.")))
            phone_book.register("shop.till", "PYRO:till@10.0.0.5:4444")
        print(CliRunner().invoke(cli, ["tree", "shop."]).output, end="")
"""
    found = python(environment, "-c", code).stdout.splitlines()
    assert found == ["[]", "shop", "  till", "['shop.till']", "shop", "  till"]


def test_serializer_and_transport_are_used_by_name_for_real_calls(environment: Path) -> None:
    code = """
from pyro_client import Proxy
from pyro_core.settings import ClientSettings
from pyro_server import Daemon, expose

@expose
class Echo:
    def echo(self, value):
        return value

with Daemon(servertype="per-connection", serializers=("serpent", "plist")) as daemon:
    uri = daemon.register(Echo())
    daemon.start()
    with Proxy(uri, settings=ClientSettings(serializer="plist")) as proxy:
        print(proxy.echo({"a": [1, 2.5, None, (3, b"x")]}))
"""
    assert python(environment, "-c", code).stdout == "{'a': [1, 2.5, None, (3, b'x')]}\n"


def test_a_broken_plugin_is_reported_and_harms_no_other(environment: Path) -> None:
    done = python(environment, "-m", "pyro_cli", "plugins", "check", "--json", check=False)
    assert done.returncode == 7, done.stderr
    rows = {(row["kind"], row["name"]): row for row in json.loads(done.stdout)}
    broken = rows["serializers", "broken"]
    assert not broken["ok"]
    assert broken["distribution"] == "pyro-broken"
    assert "a_module_that_is_not_installed" in broken["problem"]
    assert rows["serializers", "plist"]["ok"]
    assert rows["transports", "per-connection"]["ok"]
    assert rows["storages", "jsonfile"]["ok"]
    assert rows["commands", "tree"]["ok"]
    assert rows["serializers", "serpent"]["ok"]
    assert all(row["ok"] for key, row in rows.items() if key[1] != "broken")


def test_a_broken_command_leaves_help_and_the_other_commands_alone(environment: Path) -> None:
    shown = python(environment, "-m", "pyro_cli", "--help").stdout
    assert "broken" in shown
    assert "cannot be loaded" in shown
    assert "pyro-cli" in python(environment, "-m", "pyro_cli", "version").stdout
    done = python(environment, "-m", "pyro_cli", "broken", check=False)
    assert done.returncode == 7
    assert done.stderr.count("\n") == 1
    assert "pyro-broken" in done.stderr
