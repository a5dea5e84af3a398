"""Which tests there are, what is expected of them, and whether it came about."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from stock_suite.outcomes import FAILED, MISSING, PASSED, SKIPPED, FileRun, Outcome

HERE = Path(__file__).parent
# Name of the group, and the file with its node ids. The last one is not judged.
PUBLIC, NAME_ONLY, STRUCTURE = "public", "name only", "structure"
LISTS = {PUBLIC: "public.txt", NAME_ONLY: "name_only.txt", STRUCTURE: "structure.txt"}
JUDGED = (PUBLIC, NAME_ONLY)


@dataclass(frozen=True)
class Expectations:
    """What is expected of the suite.

    Attributes:
        groups: Group of each node id.
        skips: Node ids that stock Pyro4 skips, too.
        accepted: Node ids that may fail, with the reason.
    """

    groups: Mapping[str, str]
    skips: Collection[str]
    accepted: Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """One test of a judged group that did not pass."""

    node: str
    group: str
    outcome: Outcome
    accepted: str = ""


@dataclass(frozen=True)
class Verdict:
    """What came of a run.

    Attributes:
        outcomes: Of every test that was asked for, by node id.
        lines: What did not pass in the groups that are judged.
        problems: What is wrong with the lists or with a file as a whole.
    """

    outcomes: Mapping[str, Outcome]
    lines: list[Line]
    problems: list[str]

    @property
    def good(self) -> bool:
        """Whether everything is as expected."""
        return not self.problems and all(line.accepted for line in self.lines)


def file_of(node: str) -> str:
    """The file of a node id, such as "test_core"."""
    return Path(node.partition("::")[0]).stem


def load_groups() -> dict[str, str]:
    """Read which group each node id is in."""
    return {
        node: group
        for group, name in LISTS.items()
        for node in (HERE / name).read_text(encoding="utf8").splitlines()
    }


def load(implementation: str, *, ipv6: bool) -> Expectations:
    """Read the lists beside this module.

    Args:
        implementation: "facade" or "stock".
        ipv6: Whether ``localhost`` has an IPv6 address.
    """
    skips = tomllib.loads((HERE / "stock_skips.toml").read_text(encoding="utf8"))
    accepted = tomllib.loads((HERE / "accepted.toml").read_text(encoding="utf8"))
    skipped = {**skips["always"], **({} if ipv6 else skips["without-ipv6"])}
    return Expectations(load_groups(), frozenset(skipped), accepted[implementation])


def judge(expected: Expectations, runs: Mapping[str, FileRun], asked: Collection[str]) -> Verdict:
    """Compare what came about with what was expected.

    Args:
        expected: What is expected.
        runs: What came about, by file.
        asked: Node ids that were to be run, before ``-k``.
    """
    outcomes: dict[str, Outcome] = {}
    problems = [
        f"accepted.toml names {node}, which is not in a group that is judged"
        for node in expected.accepted
        if expected.groups.get(node) not in JUDGED
    ]
    for file, run in runs.items():
        missing = Outcome(MISSING, run.problem or "pytest did not find it", run.log)
        wanted = (node for node in asked if file_of(node) == file and node not in run.deselected)
        outcomes |= {node: missing for node in wanted} | dict(run.outcomes)
        problems += [f"{node} is in no list" for node in run.outcomes if node not in expected.groups]
        if run.problem:
            problems.append(f"{file}: {run.problem}")
    if not outcomes:
        problems.append("no test was run")
    lines = []
    for node, outcome in sorted(outcomes.items()):
        group, accepted = expected.groups.get(node, ""), expected.accepted.get(node, "")
        as_stock = outcome.outcome == SKIPPED and node in expected.skips
        if group not in JUDGED:
            continue
        if outcome.outcome == PASSED and accepted:
            problems.append(f"accepted.toml lists {node}, but it passes: take it out")
        elif outcome.outcome != PASSED and not as_stock:
            lines.append(Line(node, group, outcome, accepted))
    return Verdict(outcomes, lines, problems)


def count(outcomes: Mapping[str, Outcome], expected: Expectations) -> dict[str, dict[str, dict[str, int]]]:
    """How many tests there are by file, group and outcome."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for node, outcome in outcomes.items():
        groups = counts.setdefault(file_of(node), {group: _zeros() for group in LISTS})
        groups.setdefault(expected.groups.get(node, "?"), _zeros())[outcome.outcome] += 1
    return counts


def _zeros() -> dict[str, int]:
    return dict.fromkeys((PASSED, FAILED, SKIPPED, MISSING), 0)
