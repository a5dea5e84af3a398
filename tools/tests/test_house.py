"""The lists that name every package agree with the folders under packages/."""

import tomllib
from pathlib import Path
from typing import Any

import check_wheels
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sorted(path.parent.name for path in ROOT.glob("packages/*/pyproject.toml"))


def load(path: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def environments() -> dict[str, Any]:
    return load("hatch.toml")["envs"]


def members(environment: dict[str, Any]) -> list[str]:
    return [Path(member["path"]).name for member in environment["workspace"]["members"]]


def test_the_default_environment_installs_every_package(environments: dict[str, Any]) -> None:
    assert sorted(members(environments["default"])) == PACKAGES


def test_the_environment_of_the_site_installs_every_package(environments: dict[str, Any]) -> None:
    assert sorted(members(environments["docs"])) == PACKAGES


def test_refresh_installs_every_package_again(environments: dict[str, Any]) -> None:
    words = environments["default"]["scripts"]["refresh"].split()
    assert sorted(word.rpartition("/")[2] for word in words if "/packages/" in word) == PACKAGES


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_has_an_environment_with_only_what_it_declares(
    package: str, environments: dict[str, Any]
) -> None:
    ours = {name for name in check_wheels.CLOSURES[package] if name in PACKAGES}
    assert set(members(environments[f"only-{package}"])) == ours | {package}


def test_mypy_and_ruff_know_every_package() -> None:
    tools = load("pyproject.toml")["tool"]
    first_party = set(tools["ruff"]["lint"]["isort"]["known-first-party"])
    for package in PACKAGES:
        assert f"$MYPY_CONFIG_FILE_DIR/packages/{package}/src" in tools["mypy"]["mypy_path"]
        assert {path.name for path in (ROOT / "packages" / package / "src").iterdir()} <= first_party


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_carries_the_licence(package: str) -> None:
    assert (ROOT / "packages" / package / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
