"""Build the site into build/site: `hatch run docs`. Warnings are errors; so are assets from elsewhere."""

import shutil
import sys
from pathlib import Path
from typing import Final

from sphinx.cmd.build import build_main

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT / "tools")

from documentation.outside_assets import outside_assets  # noqa: E402

OUTPUT: Final = ROOT / "build" / "site"
FRONT: Final = "docs/index.html"


def main() -> int:
    """Build, look at the result, and say where it is."""
    shutil.rmtree(OUTPUT, ignore_errors=True)  # every page has the whole tree beside it
    folders = ["-c", ROOT / "docs", "-d", ROOT / "build" / "doctrees", ROOT, OUTPUT]
    code: int = build_main(["-q", "-W", "--keep-going", "-j", "auto", *map(str, folders), *sys.argv[1:]])
    if code:
        return code
    found = outside_assets(OUTPUT)
    for each in found:
        print(f"an asset from elsewhere; the site must work without the network: {each}", file=sys.stderr)
    (OUTPUT / "index.html").write_text(
        '<!doctype html><meta charset="utf-8"><title>Python Remote Objects</title>'
        f'<meta http-equiv="refresh" content="0; url={FRONT}"><a href="{FRONT}">Documentation</a>\n',
        encoding="utf-8",
    )
    print(OUTPUT / FRONT)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
