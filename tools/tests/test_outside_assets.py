"""The site must work without the network."""

from pathlib import Path

import pytest
from documentation.outside_assets import outside_assets


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/a.js"></script>',
        "<script async src=//cdn.example/a.js></script>",
        '<link rel="stylesheet" href="https://fonts.example/css">',
        '<img alt="x" src="http://pictures.example/a.png">',
        "<style>@import 'https://fonts.example/css';</style>",
        "<style>body { background: url(https://pictures.example/a.png) }</style>",
    ],
)
def test_what_comes_from_elsewhere_is_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    assert len(outside_assets(tmp_path)) == 1


def test_links_and_own_files_are_fine(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        '<a href="https://hatch.pypa.io">hatch</a><script src="a.js"></script><img src="../a//b.png">',
        encoding="utf-8",
    )
    assert outside_assets(tmp_path) == []
