from pathlib import Path

import pytest
from release import changelog
from release.problem import ReleaseError
from release.versions import Change


def read(folder: Path, text: str) -> changelog.Changelog:
    path = folder / "CHANGELOG.md"
    path.write_text(text)
    return changelog.read(path)


def test_lines_may_have_several_lines(tmp_path: Path) -> None:
    log = read(
        tmp_path, "# Log\n\n## Unreleased\n\n- One\n  goes on.\n- Two.\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n"
    )
    assert log.entries == ("- One\n  goes on.", "- Two.")
    assert log.after == "\n## 0.1.0 (2026-01-01)\n\n- Old.\n"


@pytest.mark.parametrize(
    ("lines", "change"),
    [
        ("- Fixed: a.", Change.FIX),
        ("- Fixed: a.\n- B.", Change.FEATURE),
        ("- Breaking: a.\n- B.", Change.BREAKING),
        ("", None),
    ],
)
def test_the_weightiest_line_counts(tmp_path: Path, lines: str, change: Change | None) -> None:
    assert read(tmp_path, f"## Unreleased\n\n{lines}\n").change is change


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# Log\n", "has no line '## Unreleased'"),
        ("## Unreleased\n\nprose\n", "lines that begin with '- ', not 'prose'"),
    ],
)
def test_a_changelog_of_another_form_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ReleaseError, match=complaint):
        read(tmp_path, text)


@pytest.mark.parametrize("text", ["", "- \n", "- one\n- two\n"])
def test_a_file_holds_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / "x.md").write_text(text)
    with pytest.raises(ReleaseError, match="must hold one line for the changelog"):
        read(tmp_path, "## Unreleased\n")
