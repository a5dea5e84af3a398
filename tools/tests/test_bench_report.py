"""The page about performance has the figures of the run that is kept beside it."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "bench"))

from report import page  # noqa: E402 - found through the path set above

REFERENCE = ROOT / "docs" / "reference"


def test_the_page_shows_the_kept_run() -> None:
    results = json.loads((REFERENCE / "performance.json").read_text(encoding="utf8"))
    text = (REFERENCE / "performance.md").read_text(encoding="utf8")
    assert page(results, text) == text


def test_a_page_without_a_place_for_figures_is_refused() -> None:
    with pytest.raises(ValueError, match="no <!-- figures: begin -->"):
        page({"goals": []}, "# Nothing")
