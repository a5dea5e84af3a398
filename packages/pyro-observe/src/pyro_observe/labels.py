"""What calls are counted under: names that cannot become more and more."""

import re
from threading import Lock
from typing import Final

from pyro_core.observing import ObservedCall

OTHER: Final = "_OTHER"
"""Stands for what a stranger made up, and for what comes after the first ``MOST`` names."""
MOST: Final = 1000
"""So many pairs of object and method have names of their own."""
_GENERATED: Final = re.compile(r"obj_[0-9a-f]{32}")


class Labels:
    """Gives names for the object and the method of calls.

    The name of an object is its id; for ids that were made up by a daemon that of the class, or ``obj``
    where that is not known.

    Args:
        most: How many pairs there may be.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: set[tuple[str, str]] = set()
        self._lock = Lock()

    def of(self, call: ObservedCall) -> tuple[str, str]:
        """The names for the object and the method of a call."""
        pair = (service_of(call), method_of(call))
        if pair not in self._known:
            with self._lock:
                if len(self._known) >= self._most:
                    return OTHER, OTHER
                self._known.add(pair)
        return pair


def service_of(call: ObservedCall) -> str:
    """The name for the object of a call."""
    if _GENERATED.fullmatch(call.object_id):
        return call.service or "obj"
    return call.object_id if call.service or call.known else OTHER


def method_of(call: ObservedCall) -> str:
    """The name for the method of a call."""
    return call.method if call.known else OTHER
