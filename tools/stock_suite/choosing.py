"""Which tests the command line asks for."""

from collections.abc import Callable, Sequence
from pathlib import Path

from stock_suite.judging import file_of
from stock_suite.problems import SuiteError


def choose(known: Sequence[str], files: Sequence[str], shown: Sequence[str]) -> list[str]:
    """Return the node ids that are asked for.

    Args:
        known: All node ids.
        files: Names of files; none means all.
        shown: Node ids or the ends of some, for which nothing else is run; none means all.

    Raises:
        SuiteError: If one of the names fits nothing.
    """
    chosen = _fitting(known, files, lambda node, name: file_of(node) == Path(name).stem)
    return [node for node in _fitting(known, shown, _ends_with) if node in chosen]


def _fitting(known: Sequence[str], names: Sequence[str], fits: Callable[[str, str], bool]) -> list[str]:
    if nothing := [name for name in names if not any(fits(node, name) for node in known)]:
        raise SuiteError(f"the suite has no {', '.join(nothing)}")
    return [node for node in known if not names or any(fits(node, name) for name in names)]


def _ends_with(node: str, name: str) -> bool:
    return f"/{node}".endswith((f"/{name}", f"::{name}"))
