"""Each package's API.txt lists what programs may count on, and reading the source finds it."""

import re
from collections.abc import Callable
from pathlib import Path

import public_api
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sorted(path.parent.name for path in ROOT.glob("packages/*/pyproject.toml"))


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return public_api.listings(ROOT)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_list_in_the_repository_is_that_of_the_code(package: str, texts: dict[str, str]) -> None:
    path = ROOT / "packages" / package / "API.txt"
    listed = path.read_text(encoding="utf8") if path.exists() else ""
    complaint = public_api.complaint(package, listed, texts[package])
    assert not complaint, complaint


@pytest.mark.parametrize("package", PACKAGES)
def test_the_reference_shows_the_modules_that_are_listed(package: str) -> None:
    page = (ROOT / "docs/reference/api" / f"{package}.md").read_text(encoding="utf8")
    shown = re.findall(r"^\.\. public-names:: (\S+)$", page, re.MULTILINE)
    assert sorted(shown) == sorted(public_api.public_modules(ROOT / "packages" / package))


@pytest.fixture
def listed(tmp_path: Path) -> Callable[..., list[str]]:
    """Make a package `one` with modules, and list the public ones."""

    def make(modules: dict[str, str], public: str = '["one"]') -> list[str]:
        source = tmp_path / "packages/one/src/one"
        source.mkdir(parents=True)
        (tmp_path / "packages/one/pyproject.toml").write_text(f"[tool.public-api]\nmodules = {public}\n")
        for name, code in modules.items():
            (source / f"{name}.py").write_text(code)
        text = public_api.listings(tmp_path)["one"]
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    return make


def test_a_class_is_listed_with_its_arguments_and_public_members(listed: Callable[..., list[str]]) -> None:
    code = """
class Base:
    def inherited(self, n: int = 1) -> str: ...
class Thing(Base, Exception):
    limit: int = 3
    _secret = 1
    def __init__(self, name: str, *, quick=False) -> None:
        self.name: str = name
        self._hidden = 1
    @property
    def size(self) -> int: ...
    @classmethod
    async def make(cls, *, n): ...
    def _private(self): ...
    def __enter__(self): ...
"""
    assert listed({"__init__": f"__all__ = ['Thing']{code}"}) == [
        "class one.Thing(Exception)",
        "one.Thing(name: str, *, quick=False)",
        "one.Thing.__enter__()",
        "one.Thing.inherited(n: int=1) -> str",
        "one.Thing.limit: int = 3",
        "async classmethod one.Thing.make(*, n)",
        "one.Thing.name: str",
        "one.Thing.size: int  [read-only]",
    ]


def test_names_are_followed_to_where_they_are_defined(listed: Callable[..., list[str]]) -> None:
    modules = {
        "__init__": "from one.doors import Door\nfrom one.public import Gate\n__all__ = ['Door', 'Gate']",
        "doors": "class Door:\n    def open(self): ...",
        "public": "class Gate: ...\nWIDTH = 7\n_hidden = 1",
    }
    assert listed(modules, '["one", "one.public"]') == [
        "class one.Door",
        "one.Door.open()",
        "one.Gate = one.public.Gate",
        "class one.public.Gate",
        "one.public.WIDTH = 7",
    ]


def test_overloads_are_listed_each(listed: Callable[..., list[str]]) -> None:
    code = (
        "from typing import overload\n"
        "@overload\ndef f(x: int) -> int: ...\n@overload\ndef f(x: str) -> str: ...\ndef f(x): ...\n"
    )
    assert listed({"__init__": code}) == ["one.f(x: int) -> int", "one.f(x: str) -> str"]


def test_a_promise_that_type_checkers_cannot_see_is_refused(listed: Callable[..., list[str]]) -> None:
    with pytest.raises(LookupError, match="'Ghost' in __all__, and neither defines nor imports it"):
        listed({"__init__": "__all__ = ['Ghost']"})


def test_what_vanished_and_what_came_is_told_with_what_to_do() -> None:
    complaint = public_api.complaint("one", "one.a(x)\none.b\n", "one.a()\none.b\n")
    assert "  - one.a(x)\n  + one.a()\n" in complaint
    assert "hatch run release api" in complaint
    assert "Breaking:" in complaint
    assert "Breaking:" not in public_api.complaint("one", "one.a\n", "one.a\none.b\n")
    assert not public_api.complaint("one", "one.a\n", "one.a\n")
