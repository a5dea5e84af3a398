import sys
from pathlib import Path

import default_environment
import matrix
import pytest

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
ROOT = Path(__file__).resolve().parents[2]


def test_the_versions_are_those_that_the_packages_claim() -> None:
    assert matrix.supported(ROOT) == ["3.11", "3.12", "3.13"]


def test_this_python_is_found_and_one_that_is_nowhere_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert matrix.find(HERE, fetch=False) == sys.executable
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert matrix.find("3.99", fetch=False) is None
    assert matrix.find("3.99", fetch=True) == "3.99"  # for uv to download


def test_the_newest_python_of_pyenv_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    for name in ("3.99.2", "3.99.10", "3.99.0b1", "3.9.1"):
        (tmp_path / "versions" / name / "bin").mkdir(parents=True)
        (tmp_path / "versions" / name / "bin" / "python").touch()
    assert [path.parts[-3] for path in matrix.candidates("3.99")] == ["3.99.10", "3.99.2"]


def test_the_table_has_a_line_for_each_version(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite tests="9" failures="1" errors="1" skipped="3" time="1.6"/></testsuites>'
    )
    counts = matrix.counts(report)
    outcomes = [matrix.Outcome("3.11", "FAILED", counts), matrix.Outcome("3.12", "not found")]
    assert matrix.table(outcomes) == (
        "Python 3.11  FAILED     4 passed, 2 failed, 3 skipped in 2 s\nPython 3.12  not found"
    )


def test_environments_hold_the_packages_with_the_extras_of_hatch_toml() -> None:
    found = {one.name: one.suffix for one in default_environment.read(ROOT).members}
    assert found["pyro-core"] == ""
    assert found["pyro-serializers"] == "[msgpack,cloudpickle,dill]"
