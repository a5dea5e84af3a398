"""What the tool prints and writes."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path

from stock_suite.judging import LISTS, Expectations, Verdict, count, file_of
from stock_suite.outcomes import FAILED, MISSING, PASSED, SKIPPED, FileRun

KINDS = (PASSED, FAILED, SKIPPED, MISSING)
HEADS = ("pass", "fail", "skip", "none")
REASON_CHARS = 160


def table(verdict: Verdict, expected: Expectations, runs: Mapping[str, FileRun]) -> list[str]:
    """The numbers by file and group, and their totals."""
    counts = count(verdict.outcomes, expected)
    groups = ("all", *LISTS)
    rows = {file: _row(counts[file]) for file in sorted(counts)}
    total = [sum(column) for column in zip(*rows.values(), strict=True)]
    width = 5 * len(HEADS)
    lines = [
        f"{'':22}" + "".join(f"{group:>{width}}" for group in groups),
        f"{'':22}" + "".join(f"{head:>5}" for head in HEADS) * len(groups) + f"{'s':>7}",
    ]
    for file, numbers in rows.items():
        seconds = runs[file].seconds if file in runs else 0.0
        lines.append(f"{file:22}" + "".join(f"{number or '.':>5}" for number in numbers) + f"{seconds:7.1f}")
    lines.append(f"{'total':22}" + "".join(f"{number or '.':>5}" for number in total))
    return lines


def _row(groups: Mapping[str, Mapping[str, int]]) -> list[int]:
    everything = [sum(group[kind] for group in groups.values()) for kind in KINDS]
    return everything + [groups[group][kind] for group in LISTS for kind in KINDS]


def failures(verdict: Verdict) -> list[str]:
    """A line for each test that did not pass, where that counts, and for each problem.

    Tests of one file that could not be collected, for one reason, share a line.
    """
    lines = []
    uncollected: dict[str, int] = {}
    for line in verdict.lines:
        reason = line.outcome.reason[:REASON_CHARS]
        what = f"accepted ({line.accepted})" if line.accepted else line.outcome.outcome
        if line.outcome.outcome == MISSING and not line.accepted:
            key = f"[{line.group}] {file_of(line.node)}: {MISSING}: {reason}"
            uncollected[key] = uncollected.get(key, 0) + 1
        else:
            lines.append(f"[{line.group}] {line.node.removeprefix('PyroTests/')}: {what}: {reason}")
    lines += [f"{key} ({number} tests)" for key, number in uncollected.items()]
    return lines + [f"[problem] {problem}" for problem in verdict.problems]


def whole(verdict: Verdict, nodes: Collection[str], runs: Mapping[str, FileRun]) -> list[str]:
    """All there is to say about some tests, and about their files where these had a problem."""
    lines = []
    for node in nodes:
        outcome = verdict.outcomes[node]
        lines += [f"==== {node}: {outcome.outcome}, {outcome.seconds:.2f} s", outcome.text or outcome.reason]
    for file in sorted({file_of(node) for node in nodes}):
        if runs[file].problem:
            lines += [f"==== {file}: {runs[file].problem}", runs[file].log]
    return lines


def write(path: Path, verdict: Verdict, expected: Expectations, runs: Mapping[str, FileRun]) -> None:
    """Write everything as JSON."""
    tests = {
        node: {**asdict(outcome), "group": expected.groups.get(node, "?")}
        for node, outcome in sorted(verdict.outcomes.items())
    }
    files = {
        file: {"seconds": round(run.seconds, 2), "problem": run.problem, "log": run.log}
        for file, run in sorted(runs.items())
    }
    content = {"good": verdict.good, "problems": verdict.problems, "files": files, "tests": tests}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf8")
