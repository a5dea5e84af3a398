"""A limit on how often one connection may call, for daemons that have one."""

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

from pyro_core.call_ids import AGAIN
from pyro_core.wire.message import Message
from pyro_server.engine import ServerEngine
from pyro_server.refusals import too_often
from pyro_server.requests import Job


def rated(make: Callable[..., ServerEngine], rate: int) -> Callable[..., ServerEngine]:
    """What makes engines whose calls are counted: a bucket of tokens, one a call.

    Plain calls do not go the short way there.

    Args:
        make: Makes such engines without that: a class, or a ``partial`` of one.
        rate: So many tokens come in a second, and so many fit in.
    """
    if isinstance(make, partial):
        return partial(rated(make.func, rate), *make.args, **make.keywords)
    kind: Any = make

    class RatedEngine(kind):  # type: ignore[misc]  # its base is known when it runs
        """The server's side of a connection whose calls are counted."""

        __slots__ = ("_counted_at", "_left")

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._left = float(rate)
            self._counted_at = monotonic()

        def admit(self, message: Message) -> Any:
            """A call that arrived, as work; one too many is only answered so."""
            now = monotonic()
            self._left = min(self._left + (now - self._counted_at) * rate, float(rate))
            self._counted_at = now
            if self._left < 1:
                return TooOften(self, message, rate)
            self._left -= 1
            return super().admit(message)

        def _expect_plain(self, number: int) -> None:
            """There is no short way: it would come by nobody who counts."""

    return RatedEngine


class TooOften(Job):
    """A call that is refused because its client calls too often."""

    __slots__ = ("_engine", "_message", "_rate")

    def __init__(self, engine: Any, message: Message, rate: int) -> None:
        super().__init__(lambda: None)
        self.concurrent = engine.shared
        self._engine: ServerEngine = engine
        self._message = message
        self._rate = rate

    def run(self) -> Any:
        """The answer."""
        return self._engine.refuse(self._message, too_often(self._rate), AGAIN)
