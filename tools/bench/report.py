"""Puts the figures of a run of the benchmark into the page about them.

Usage: python tools/bench/report.py docs/reference/performance.json docs/reference/performance.md
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def goals(results: Mapping[str, Any]) -> Iterator[str]:
    """The table of goals."""
    yield "| | figure | reached | goal | |"
    yield "|---|---|---|---|---|"
    for goal in results["goals"]:
        cells = (goal[name] for name in ("workload", "what", "found", "wanted", "verdict"))
        yield f"| {' | '.join(cells)} |"


def medians(results: Mapping[str, Any]) -> Iterator[str]:
    """The table of microseconds."""
    names = [name for name, costs in results.items() if name.startswith("W") and name != "W9"]
    peers = list(dict.fromkeys(label for name in names for label in results[name]))
    yield f"| us | {' | '.join(names)} |"
    yield "|---" * (len(names) + 1) + "|"
    for label in peers:
        cells = [f"{results[n][label]['seconds'] * 1e6:,.2f}" if label in results[n] else "" for n in names]
        yield f"| {label} | {' | '.join(cells)} |"


def page(results: Mapping[str, Any], text: str) -> str:
    """The page with the figures of a run in it.

    Raises:
        ValueError: If it has no place for them.
    """
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"the page has no {BEGIN} and {END}")
    lines = [*goals(results), "", *medians(results)]
    return f"{before}{BEGIN}\n{chr(10).join(lines)}\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Bring the page up to date."""
    figures, target = map(Path, arguments)
    results = json.loads(figures.read_text(encoding="utf8"))
    target.write_text(page(results, target.read_text(encoding="utf8")), encoding="utf8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
