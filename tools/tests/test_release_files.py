"""Built files and bills of materials."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from release import bill_of_materials, building, dry_run
from release.distributions import Distribution
from release.problem import ReleaseError

ROOT = Path(__file__).resolve().parents[2]
EVERYTHING = {
    "pyro-upper": {
        "version": "0.1.0",
        "summary": "Upper",
        "license": "MIT",
        "requires": ["absent", "pyro-base", "quick"],
    },
    "pyro-base": {"version": "0.2.0", "summary": None, "license": None, "requires": []},
    "quick": {"version": "3", "summary": "Quick", "license": None, "requires": ["pyro-base"]},
}


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "pyro_upper-0.1.0-py3-none-any.whl"
    path.write_bytes(b"a wheel")
    return path


def test_a_bill_lists_what_came_along_and_who_asked_for_it(wheel: Path) -> None:
    text = bill_of_materials.compose(wheel, "pyro-upper", EVERYTHING, frozenset({"pyro-upper", "pyro-base"}))
    bill = json.loads(text)
    assert bill["metadata"]["component"]["purl"] == "pkg:pypi/pyro-upper@0.1.0"
    assert bill["metadata"]["component"]["licenses"] == [{"expression": "MIT"}]
    assert [(one["name"], one["scope"]) for one in bill["components"]] == [
        ("pyro-base", "required"),
        ("quick", "optional"),
    ]
    assert {one["ref"]: one["dependsOn"] for one in bill["dependencies"]} == {
        "pkg:pypi/pyro-base@0.2.0": [],
        "pkg:pypi/pyro-upper@0.1.0": ["pkg:pypi/pyro-base@0.2.0", "pkg:pypi/quick@3"],
        "pkg:pypi/quick@3": ["pkg:pypi/pyro-base@0.2.0"],
    }


def test_the_same_wheel_gives_the_same_bill_and_another_one_another(wheel: Path) -> None:
    first = bill_of_materials.compose(wheel, "pyro-upper", EVERYTHING, frozenset())
    assert bill_of_materials.compose(wheel, "pyro-upper", EVERYTHING, frozenset()) == first
    wheel.write_bytes(b"another")
    other = bill_of_materials.compose(wheel, "pyro-upper", EVERYTHING, frozenset())
    assert json.loads(other)["serialNumber"] != json.loads(first)["serialNumber"]


def test_files_that_differ_are_named(tmp_path: Path) -> None:
    for folder, content in (("a", b"x"), ("b", b"y")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pyro_base.whl").write_bytes(content)
        (tmp_path / folder / "pyro_base.tar.gz").write_bytes(b"same")
    building.compare(tmp_path / "a", tmp_path / "a")
    with pytest.raises(ReleaseError, match=r"differ \(pyro_base\.whl\)"):
        building.compare(tmp_path / "a", tmp_path / "b")


def test_the_commands_are_told() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools/release", "--help"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    for command in ("plan", "bump", "api", "check", "build", "sbom", "test", "dry-run"):
        assert f"\n    {command} " in done.stdout, done.stderr


def test_what_remains_to_be_done_is_told_with_tag_and_files(tmp_path: Path) -> None:
    (tmp_path / "about.py").write_text('__version__ = "0.3.0"\n')
    one = Distribution(tmp_path, {"name": "pyro-base"}, tmp_path / "about.py")
    lines = dry_run.commands(one, bump=True)
    assert lines[0] == "hatch run release bump pyro-base 0.3.0 --commit"
    assert "git tag --annotate pyro-base-v0.3.0 --message 'pyro-base 0.3.0'" in lines
    assert lines[-1].endswith("dist/pyro_base-0.3.0.tar.gz dist/pyro_base-0.3.0-py3-none-any.whl")
    assert dry_run.commands(one, bump=False) == lines[1:]
