"""What the packages say about themselves is complete, and fits."""

import shutil
from pathlib import Path

import pytest
from release import distributions, metadata
from release.distributions import Distribution
from release.problem import ReleaseError

ROOT = Path(__file__).resolve().parents[2]


def test_everything_that_needs_no_building_is_right() -> None:
    assert list(metadata.findings(ROOT, distributions.read_all(ROOT))) == []


def test_a_package_is_released_after_those_that_it_asks_for() -> None:
    found = distributions.read_all(ROOT)
    order = list(found)
    assert order[0] == "pyro-core"
    for name, one in found.items():
        for requirement in one.requirements():
            if requirement.name in found and requirement.name != name:
                assert order.index(requirement.name) < order.index(name), name


@pytest.fixture
def core(tmp_path: Path) -> Path:
    """A copy of what pyro-core says about itself, to spoil."""
    source = ROOT / "packages/pyro-core"
    folder = tmp_path / "packages/pyro-core"
    for file in ("pyproject.toml", "README.md", "CHANGELOG.md", "src/pyro_core/__about__.py"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / file, folder / file)
    return folder


def spoiled(folder: Path, file: str, old: str, new: str) -> Distribution:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return distributions.read(folder)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('    "Typing :: Typed",\n', "", "classifiers without Typing :: Typed"),
        ('keywords = ["distributed objects", ', 'keywords = ["rpc", ', "keywords are a sorted list"),
        (
            'description = "',
            'description = "' + "x" * 120,
            "the description is one line of 20 to 120 characters",
        ),
    ],
)
def test_incomplete_metadata_is_found(core: Path, old: str, new: str, complaint: str) -> None:
    one = spoiled(core, "pyproject.toml", old, new)
    assert any(complaint in finding for finding in metadata.project_findings({one.name: one}))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("# pyro-core\n", "# Core\n", "begins with '# pyro-core'"),
        ("pip install pyro-core", "pip install it", "does not tell how to install it"),
        ("```python", "```text", "shows no program"),
        ("Standard library only.", "[More](../docs/x.md).", "links to '../docs/x.md', which leads nowhere"),
    ],
)
def test_a_poor_page_is_found(core: Path, old: str, new: str, complaint: str) -> None:
    one = spoiled(core, "README.md", old, new)
    assert any(complaint in finding for finding in metadata.page_findings(one))


@pytest.mark.parametrize(
    ("pin", "complaint"),
    [("pyro-core>=0.2,<0.3", "but pyro-core is"), ("pyro-core>=0.1", "must have an upper end")],
)
def test_a_pin_that_does_not_fit_is_found(core: Path, pin: str, complaint: str) -> None:
    one = distributions.read(core)
    other = Distribution(core, {"name": "pyro-upper", "dependencies": [pin]}, one.about)
    (finding,) = metadata.pin_findings({"pyro-core": one, "pyro-upper": other})
    assert complaint in finding


def test_the_version_must_stand_in_its_file_once(core: Path) -> None:
    with pytest.raises(ReleaseError, match="must have one line"):
        spoiled(core, "src/pyro_core/__about__.py", "__version__", "version").version  # noqa: B018
