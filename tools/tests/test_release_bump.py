import datetime
import shutil
import subprocess
from pathlib import Path

import pytest
from release import bumping, distributions, plan
from release.problem import ReleaseError
from release.repository import Repository

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

DAY = datetime.date(2026, 11, 21)
PROJECT = """\
[project]
name = "{name}"
dependencies = [{dependencies}]
dynamic = ["version"]

[project.optional-dependencies]
more = [{extra}]

[tool.hatch.version]
path = "src/{module}/__about__.py"

[tool.public-api]
modules = ["{module}"]
"""


class Scene(Repository):
    """A repository to release from; what is written is committed with ``commit``."""

    def package(self, name: str, dependencies: str = "", extra: str = "") -> None:
        module = name.replace("-", "_")
        folder = self.root / "packages" / name
        (folder / "src" / module).mkdir(parents=True)
        text = PROJECT.format(name=name, module=module, dependencies=dependencies, extra=extra)
        (folder / "pyproject.toml").write_text(text)
        (folder / "src" / module / "__about__.py").write_text('__version__ = "0.1.0"\n')
        (folder / "API.txt").write_text(f"{module}.first()\n")
        self.changelog(name, "- First version.")

    def changelog(self, name: str, lines: str, earlier: str = "") -> None:
        text = f"# Changelog of {name}\n\n## Unreleased\n\n{lines}\n{earlier}"
        self.path(name, "CHANGELOG.md").write_text(text)

    def path(self, name: str, file: str) -> Path:
        return self.root / "packages" / name / file

    def commit(self, subject: str = "change") -> None:
        self.git("add", "--all")
        who = ("-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
        self.git(*who, "commit", "--quiet", "--message", subject)


def make(root: Path) -> Scene:
    """A repository with the packages ``pyro-base`` and ``pyro-upper``."""
    subprocess.run(["git", "init", "--quiet", str(root)], check=True, capture_output=True)
    scene = Scene(root)
    scene.package("pyro-upper", '"pyro-base>=0.1,<0.2"', '"pyro-base[more]>=0.1,<0.2"')
    scene.package("pyro-base")
    scene.commit("start")
    return scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make(tmp_path)


@pytest.fixture
def released(scene: Scene) -> Scene:
    """After the first release of both packages."""
    for name in ("pyro-base", "pyro-upper"):
        bumping.bump(scene, name, "0.1.0", DAY)
        scene.commit(f"{name}: version 0.1.0")
        scene.git("tag", f"{name}-v0.1.0")
    return scene


def change(scene: Scene, line: str, name: str = "pyro-base") -> None:
    path = scene.path(name, "CHANGELOG.md")
    path.write_text(path.read_text().replace("## Unreleased\n", f"## Unreleased\n\n{line}\n"))
    scene.commit(line)


def planned(scene: Scene) -> list[str]:
    return [f"{one.distribution.name} {one.version}" for one in plan.plan(scene) if one.version]


def test_the_first_release_is_the_version_that_is_there(scene: Scene) -> None:
    assert planned(scene) == ["pyro-base 0.1.0", "pyro-upper 0.1.0"]
    bumping.bump(scene, "pyro-base", "0.1.0", DAY)
    assert scene.path("pyro-base", "CHANGELOG.md").read_text() == (
        "# Changelog of pyro-base\n\n## Unreleased\n\n## 0.1.0 (2026-11-21)\n\n- First version.\n"
    )


def test_after_a_release_there_is_nothing_to_do(released: Scene) -> None:
    assert planned(released) == []
    with pytest.raises(ReleaseError, match="there is nothing to release"):
        bumping.bump(released, "pyro-base", "patch", DAY)


def test_a_compatible_version_leaves_the_other_package_alone(released: Scene) -> None:
    change(released, "- Something new.")
    assert planned(released) == ["pyro-base 0.1.1"]
    bumping.bump(released, "pyro-base", "patch", DAY)
    assert distributions.read_all(released.root)["pyro-base"].version.public == "0.1.1"
    assert released.git("status", "--porcelain").split("\n") == [
        " M packages/pyro-base/CHANGELOG.md",
        " M packages/pyro-base/src/pyro_base/__about__.py",
    ]


def test_another_minor_version_changes_what_the_other_package_asks_for(released: Scene) -> None:
    change(released, "- Breaking: the name `first` is gone.")
    assert planned(released) == ["pyro-base 0.2.0", "pyro-upper 0.1.1"]
    told = bumping.bump(released, "pyro-base", "minor", DAY)
    assert "asks for pyro-base>=0.2,<0.3" in told[-1]
    text = released.path("pyro-upper", "pyproject.toml").read_text()
    assert '"pyro-base>=0.2,<0.3"' in text
    assert '"pyro-base[more]>=0.2,<0.3"' in text
    assert "- Needs pyro-base 0.2.\n" in released.path("pyro-upper", "CHANGELOG.md").read_text()
    released.commit("pyro-base: version 0.2.0")
    assert planned(released) == ["pyro-base 0.2.0", "pyro-upper 0.1.1"]


def test_files_of_lines_are_collected_and_removed(released: Scene) -> None:
    folder = released.path("pyro-base", "changes")
    folder.mkdir()
    (folder / "b.md").write_text("Fixed: it no longer falls over\nwhen nobody looks.\n")
    (folder / "a.md").write_text("- Something new.\n")
    change(released, "- A line in the file itself.")
    bumping.bump(released, "pyro-base", "patch", DAY)
    assert not list(folder.glob("*"))
    text = released.path("pyro-base", "CHANGELOG.md").read_text()
    assert text.split("## ")[2] == (
        "0.1.1 (2026-11-21)\n\n- A line in the file itself.\n- Something new.\n"
        "- Fixed: it no longer falls over\n  when nobody looks.\n\n"
    )


def test_a_working_copy_with_changes_is_refused(scene: Scene) -> None:
    scene.path("pyro-base", "note.txt").write_text("not committed")
    with pytest.raises(ReleaseError, match=r"not committed:\n.*note\.txt"):
        bumping.bump(scene, "pyro-base", "minor", DAY)


@pytest.mark.parametrize(
    ("line", "wanted", "least"),
    [
        ("- Breaking: gone.", "patch", "0.2.0"),
        ("- Breaking: gone.", "0.1.7", "0.2.0"),
    ],
)
def test_a_version_that_says_less_than_the_changelog_is_refused(
    released: Scene, line: str, wanted: str, least: str
) -> None:
    change(released, line)
    with pytest.raises(ReleaseError, match=f"makes {least}"):
        bumping.bump(released, "pyro-base", wanted, DAY)


def test_from_1_0_on_something_new_is_a_minor_version_and_a_break_a_major_one(released: Scene) -> None:
    change(released, "- Stable.")
    bumping.bump(released, "pyro-base", "major", DAY)
    released.commit("pyro-base: version 1.0.0")
    released.git("tag", "pyro-base-v1.0.0")
    assert '"pyro-base>=1.0,<2"' in released.path("pyro-upper", "pyproject.toml").read_text()
    change(released, "- Something new.")
    with pytest.raises(ReleaseError, match=r"makes 1\.1\.0"):
        bumping.bump(released, "pyro-base", "patch", DAY)
    change(released, "- Breaking: gone.")
    with pytest.raises(ReleaseError, match=r"makes 2\.0\.0"):
        bumping.bump(released, "pyro-base", "minor", DAY)


def test_a_public_name_that_is_gone_must_be_told(released: Scene) -> None:
    released.path("pyro-base", "API.txt").write_text("pyro_base.second()\n")
    change(released, "- A second name.")
    with pytest.raises(ReleaseError, match=r"are gone: pyro_base\.first\. .*'Breaking:'"):
        bumping.bump(released, "pyro-base", "minor", DAY)


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ("0.0.9", "lower than 0.1.0"),
        ("0.1.0", "has been released"),
        ("next", "not a version of three numbers"),
        ("0.2", "not a version of three numbers"),
        ("0.2.0rc1", "not a version of three numbers"),
    ],
)
def test_versions_that_make_no_sense_are_refused(released: Scene, wanted: str, complaint: str) -> None:
    change(released, "- Something new.")
    with pytest.raises(ReleaseError, match=complaint):
        bumping.bump(released, "pyro-base", wanted, DAY)


def test_a_package_that_is_not_there_is_told_with_those_that_are(scene: Scene) -> None:
    with pytest.raises(ReleaseError, match="there are pyro-base, pyro-upper"):
        bumping.bump(scene, "pyro-bass", "minor", DAY)


def test_what_changed_without_a_line_in_the_changelog_is_shown(released: Scene) -> None:
    released.path("pyro-base", "note.txt").write_text("for ourselves")
    released.commit("pyro-base: tidy up")
    shown = plan.text(plan.plan(released), commits=3)
    assert "pyro-base 0.1.0: changed, but its changelog says nothing" in shown
    assert "pyro-upper 0.1.0: unchanged since pyro-upper-v0.1.0" in shown
