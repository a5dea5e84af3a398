"""Which names are there for HTTP clients."""

import re
from collections.abc import Sequence
from typing import Final

from pyro_core.errors import SettingsError
from pyro_core.pattern_cost import count_ways

MAX_NAME_CHARS: Final = 200
"""Longer names are not offered: it is strangers who choose what is matched."""
_MAX_WAYS: Final = 100_000
"""Ways in which a pattern may be tried on the longest name: some milliseconds (see decision 0005)."""
_OWN: Final = "Pyro."
"""Begins the names of the system's own objects, through which more can be done than calling methods."""


class Exposure:
    """Decides on names.

    Args:
        patterns: As in ``GatewaySettings.expose``.

    Raises:
        SettingsError: If one is no regular expression, or could take long.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self.patterns = tuple(patterns)
        self._compiled = [(_checked(pattern), pattern.startswith("Pyro")) for pattern in patterns]

    def allows(self, name: str) -> bool:
        """Whether a name is there for HTTP clients."""
        if not name or len(name) > MAX_NAME_CHARS:
            return False
        own = name.startswith(_OWN)
        return any(pattern.fullmatch(name) for pattern, for_own in self._compiled if for_own or not own)


def _checked(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as problem:
        raise SettingsError(
            f"expose = {pattern!r} cannot be used: no regular expression: {problem}", name="expose"
        ) from problem
    if count_ways(f"(?:{pattern})$", MAX_NAME_CHARS) > _MAX_WAYS:
        raise SettingsError(
            f"expose = {pattern!r} cannot be used: some names would take it long; avoid repeats inside "
            "repeats, or give several patterns",
            name="expose",
        )
    return compiled
