"""Sequence numbers of calls: which one comes next, and none twice while its answer is due."""

from __future__ import annotations

from collections.abc import Container

from pyro_core.errors import ProtocolError

NUMBERS = 0x10000
"""How many there are."""


def number_after(last: int, due: Container[int]) -> int:
    """The next number that no call under way has.

    Args:
        last: The number before it.
        due: Numbers of calls whose answers are due.

    Raises:
        ProtocolError: If all of them are.
    """
    for step in range(1, NUMBERS + 1):
        number = (last + step) % NUMBERS
        if number not in due:
            return number
    raise ProtocolError(
        f"{NUMBERS} calls are under way on this connection; wait for some of them, or use another"
    )
