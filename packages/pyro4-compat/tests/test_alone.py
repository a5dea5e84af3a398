from pathlib import Path

import pytest

from Pyro4.facade import alone


def folder(parent: Path, name: str, *, stock: bool) -> Path:
    package = parent / name / "Pyro4"
    package.mkdir(parents=True)
    (package / "core.py").touch()
    dist = "Pyro4-4.82.dist-info" if stock else "pyro4_compat-0.1.0.dist-info"
    (parent / name / dist).mkdir()
    return package


def test_it_may_be_alone(tmp_path: Path) -> None:
    here = folder(tmp_path, "ours", stock=False)
    alone.check(str(here), [str(here.parent), str(tmp_path), str(tmp_path / "nothing")])


def test_stock_in_the_same_folder_is_an_error(tmp_path: Path) -> None:
    here = folder(tmp_path, "both", stock=True)
    with pytest.raises(ImportError, match=r"both Pyro4 .* provide the module Pyro4: uninstall"):
        alone.check(str(here), [str(here.parent)])


def test_stock_in_another_folder_is_an_error(tmp_path: Path) -> None:
    here, there = folder(tmp_path, "ours", stock=False), folder(tmp_path, "stock", stock=True)
    with pytest.raises(ImportError, match=str(there.parent)):
        alone.check(str(here), [str(here.parent), str(there.parent)])
