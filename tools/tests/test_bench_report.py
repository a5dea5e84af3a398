"""The pages about performance have the figures of the runs that are kept beside them."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "bench"))

from report import page  # noqa: E402 - found through the path set above

REFERENCE = ROOT / "docs" / "reference"


@pytest.mark.parametrize(
    ("run", "shown"),
    [
        ("performance.json", REFERENCE / "performance.md"),
        ("comparison.json", REFERENCE / "comparison.md"),
        ("comparison.json", ROOT / "README.md"),
    ],
    ids=["performance", "comparison", "front"],
)
def test_the_page_shows_the_kept_run(run: str, shown: Path) -> None:
    results = json.loads((REFERENCE / run).read_text(encoding="utf8"))
    text = shown.read_text(encoding="utf8")
    assert page(results, text) == text


def test_other_figures_make_another_page() -> None:
    results = json.loads((REFERENCE / "comparison.json").read_text(encoding="utf8"))
    text = (REFERENCE / "comparison.md").read_text(encoding="utf8")
    results["W1a"]["gRPC, msgpack"]["seconds"] *= 2
    assert page(results, text) != text


def test_a_page_without_a_place_for_figures_is_refused() -> None:
    with pytest.raises(ValueError, match="no <!-- NAME: begin -->"):
        page({"goals": []}, "# Nothing")
    with pytest.raises(ValueError, match="without <!-- idle: end -->"):
        page({}, "<!-- idle: begin -->")
