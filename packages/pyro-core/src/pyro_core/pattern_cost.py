"""How long a regular expression can possibly take, worked out before it runs.

Python's matcher tries one way after another. Every choice that a pattern leaves open (how often a part
repeats, which branch is taken) multiplies the number of ways, and a pattern whose number of ways is small
for the longest text is harmless, whatever the texts are.
"""

from collections.abc import Iterable
from typing import Any, Final

UNBOUNDED: Final = 10**18
"""Stands for a number of ways that is too large to be worth counting, or not known."""

_ONE_WAY: Final = frozenset(
    ["ANY", "AT", "CATEGORY", "FAILURE", "GROUPREF", "IN", "LITERAL", "NOT_LITERAL", "RANGE"]
)
_REPEATS: Final = frozenset(["MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"])


def count_ways(pattern: str, text_chars: int) -> int:
    """An upper bound of the ways in which a pattern can be tried at the start of a text.

    Args:
        pattern: A pattern that compiles.
        text_chars: Length of the longest text.

    Returns:
        The bound; ``UNBOUNDED`` if it is huge, or if this Python's pattern parser is not the known one.
    """
    try:
        from re import _parser  # type: ignore[attr-defined]

        return _sequence(_parser.parse(pattern), text_chars)
    except (ImportError, AttributeError, TypeError, ValueError):
        # The parser is no public API. Without it every pattern counts as dangerous: slower, still right.
        return UNBOUNDED


def _sequence(items: Iterable[tuple[Any, Any]], text_chars: int) -> int:
    ways = 1
    for operation, argument in items:
        ways = min(ways * _item(str(operation), argument, text_chars), UNBOUNDED)
    return ways


def _item(operation: str, argument: Any, text_chars: int) -> int:
    if operation in _ONE_WAY:
        return 1
    if operation in _REPEATS:
        return _repeat(argument, text_chars)
    if operation == "BRANCH":
        return sum(_sequence(branch, text_chars) for branch in argument[1])
    if operation == "SUBPATTERN":
        return _sequence(argument[3], text_chars)
    if operation in ("ASSERT", "ASSERT_NOT"):
        return _sequence(argument[1], text_chars)
    if operation == "ATOMIC_GROUP":
        return _sequence(argument, text_chars)
    if operation == "GROUPREF_EXISTS":
        return _sequence(argument[1], text_chars) + _sequence(argument[2] or (), text_chars)
    return UNBOUNDED


def _repeat(argument: Any, text_chars: int) -> int:
    least, most, body = argument
    # Beyond the minimum a body that matches nothing is not repeated: the text limits those rounds.
    rounds = max(min(int(most), text_chars + 1), int(least))
    inner = _sequence(body, text_chars)
    if inner == 1:
        idle_rounds = int(least) if body.getwidth()[0] == 0 else 1  # what no text limits counts as ways too
        return (rounds - int(least) + 1) * max(idle_rounds, 1)
    if rounds > 60:  # 2 ** 60 exceeds UNBOUNDED: spares the arithmetic
        return UNBOUNDED
    ways: int = sum(inner**count for count in range(int(least), rounds + 1))
    return min(ways, UNBOUNDED)
