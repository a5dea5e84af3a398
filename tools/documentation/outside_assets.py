"""Does a site load anything from elsewhere? Links that readers follow are fine, assets are not."""

import re
from pathlib import Path
from typing import Final

_ASSETS: Final = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc(?:set)?=["']?(?:https?:)?//[^>]*>"""
    r"""|<link\b[^>]*\bhref=["']?(?:https?:)?//[^>]*>"""
    r"""|@import\s+(?:url\()?["']?(?:https?:)?//[^;]*|url\(["']?(?:https?:)?//[^)]*\)""",
    re.IGNORECASE,
)


def outside_assets(folder: Path) -> list[str]:
    """What the pages and style sheets of a folder load from other hosts, as ``file: what``."""
    return [
        f"{path.relative_to(folder)}: {match[0]}"
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".html", ".css"}
        for match in _ASSETS.finditer(path.read_text(encoding="utf-8"))
    ]
