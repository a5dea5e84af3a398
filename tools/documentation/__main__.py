"""Build the site into build/site: `hatch run docs`. Warnings are errors; so are assets from elsewhere."""

import re
import sys
from pathlib import Path
from typing import Final

from sphinx.cmd.build import build_main

ROOT: Final = Path(__file__).resolve().parents[2]
OUTPUT: Final = ROOT / "build" / "site"
FRONT: Final = "docs/index.html"
_ASSETS: Final = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^>]*>"""
    r"""|<link\b[^>]*\bhref=["']?(?:https?:)?//[^>]*>"""
    r"""|@import\s+(?:url\()?["']?(?:https?:)?//[^;]*|url\(["']?(?:https?:)?//[^)]*\)""",
    re.IGNORECASE,
)


def main() -> int:
    """Build, look at the result, and say where it is."""
    folders = ["-c", ROOT / "docs", "-d", ROOT / "build" / "doctrees", ROOT, OUTPUT]
    code: int = build_main(["-q", "-W", "--keep-going", "-j", "auto", *map(str, folders), *sys.argv[1:]])
    if code:
        return code
    found = foreign_assets(OUTPUT)
    for each in found:
        print(f"an asset from elsewhere; the site must work without the network: {each}", file=sys.stderr)
    (OUTPUT / "index.html").write_text(
        f'<!doctype html><meta charset="utf-8"><title>Python Remote Objects</title>'
        f'<meta http-equiv="refresh" content="0; url={FRONT}"><a href="{FRONT}">Documentation</a>\n',
        encoding="utf-8",
    )
    print(OUTPUT / FRONT)
    return 1 if found else 0


def foreign_assets(folder: Path) -> list[str]:
    """What the pages and style sheets of a folder load from other hosts, as `file: what`."""
    return [
        f"{path.relative_to(folder)}: {match[0]}"
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".html", ".css"}
        for match in _ASSETS.finditer(path.read_text(encoding="utf-8"))
    ]


if __name__ == "__main__":
    sys.exit(main())
