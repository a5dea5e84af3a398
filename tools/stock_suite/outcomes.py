"""What became of each test: read from the lines that the recorder wrote."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PASSED, FAILED, SKIPPED, MISSING = "passed", "failed", "skipped", "not collected"


@dataclass(frozen=True)
class Outcome:
    """What became of one test.

    Attributes:
        outcome: PASSED, FAILED, SKIPPED, or MISSING when it never began.
        reason: One line: the error, or why it was skipped.
        text: All there is to say about it.
        seconds: How long it took.
    """

    outcome: str
    reason: str = ""
    text: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class FileRun:
    """What became of one test file.

    Attributes:
        outcomes: By node id.
        deselected: Node ids that ``-k`` left out.
        problem: What went wrong with the file as a whole; empty when nothing did.
        log: What its process printed.
        seconds: How long it took.
    """

    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    deselected: frozenset[str] = frozenset()
    problem: str = ""
    log: str = ""
    seconds: float = 0.0


def read(lines: Iterable[str], *, ended: str, log: str = "", seconds: float = 0.0) -> FileRun:
    """Make sense of a record.

    Args:
        lines: What the recorder wrote; the last line may be cut off.
        ended: How the process ended if it did so in an unexpected way, else empty.
        log: What the process printed.
        seconds: How long it took.
    """
    outcomes: dict[str, Outcome] = {}
    deselected = set()
    problems = []
    last = ""
    for event in _events(lines):
        node, what = event.get("node", ""), event["what"]
        if what == "collected":
            outcomes[node] = Outcome(MISSING, "the run ended before it")
        elif what == "deselected":
            deselected.add(node)
            outcomes.pop(node, None)
        elif what == "broken":
            problems.append(f"cannot be collected: {event['reason']}")
        elif what == "started":
            outcomes[node] = Outcome(
                FAILED, f"the process ended in this test ({ended or 'no word why'})", log
            )
        elif what == "ended":
            outcomes[node] = Outcome(event["outcome"], event["reason"], event["text"], event["seconds"])
        last = what
    if ended:
        problems.append(ended)
    elif last == "over":
        problems.append("threads left behind kept the process from ending")
    elif last != "exit":
        problems.append("the process ended before the tests were over")
    return FileRun(outcomes, frozenset(deselected), "; ".join(problems), log, seconds)


def _events(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            return  # the process was ended while it wrote this
