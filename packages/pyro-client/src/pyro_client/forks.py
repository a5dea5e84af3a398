"""What happens to open connections when the process forks: the child lets go of them and makes its own."""

from __future__ import annotations

import os
from weakref import WeakSet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final, Protocol

    class _Forkable(Protocol):
        def after_fork(self) -> None:
            """Called in the child, which has no other threads yet."""


class ForkWatch:
    """Tells everything that asked for it when this process is the child of a fork.

    The kernel lets parent and child share each socket: two dialogues would mix on one connection.
    """

    def __init__(self) -> None:
        self._watched: WeakSet[_Forkable] = WeakSet()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def watch(self, thing: _Forkable) -> None:
        """Tell this object about forks, as long as it lives."""
        self._watched.add(thing)

    def _after_fork(self) -> None:
        for thing in list(self._watched):
            thing.after_fork()


FORKS: Final = ForkWatch()
"""One per process, as forks are."""
