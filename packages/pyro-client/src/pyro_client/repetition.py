"""Calls that may be made more than once: their numbers, their budget, and when to give up."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from threading import Lock
from time import monotonic

from pyro_client.retry import Budget, delays, repeats
from pyro_core.call_ids import AGAIN, ID_BYTES, NOBODY, CallId, read_stamp
from pyro_core.delivery import delivered
from pyro_core.errors import MAYBE_EXECUTED, CommunicationError
from pyro_core.features import ONCE
from pyro_core.names import ANNOTATION_DELIVERY, ANNOTATION_ONCE
from pyro_core.wire.message import ONEWAY, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from pyro_client.plans.connect import Connection
    from pyro_client.prepare import Prepared
    from pyro_client.profile import Profile

    T = TypeVar("T")


class Repetitions:
    """What the repeated calls of one proxy have in common. Thread-safe.

    Args:
        profile: Tells how often to repeat, and what need not be numbered.
        clock: Monotonic time in seconds.
    """

    def __init__(self, profile: Profile, clock: Callable[[], float] = monotonic) -> None:
        self.profile = profile
        self.clock = clock
        self.budget = Budget(clock=clock)
        self.after_fork()

    def after_fork(self) -> None:
        """In the child of a fork: it is another client."""
        self._lock = Lock()
        self._last = 0
        self._open: set[int] = set()
        self.client = b""

    def begin(self, method: str, max_retries: int | None) -> Repetition:
        """A call is about to be made.

        Args:
            method: Its name.
            max_retries: How often to repeat it; None for the profile's number.
        """
        if max_retries is None:
            max_retries = self.profile.max_retries
        return Repetition(self, max_retries, numbered=method not in self.profile.metadata.idempotent)

    def run(
        self,
        method: str,
        max_retries: int | None,
        attempt: Callable[[Repetition], tuple[T, Message | None]],
        is_reused: Callable[[], bool],
        sleep: Callable[[float], object],
    ) -> tuple[T, Message | None]:
        """Make a call as often as need be.

        Args:
            method: Its name.
            max_retries: How often to repeat it; None for the profile's number.
            attempt: Makes it once.
            is_reused: Whether it will be made on an old connection.
            sleep: Waits for so many seconds.

        Returns:
            What ``attempt`` gave.
        """
        repetition = self.begin(method, max_retries)
        try:
            while True:
                reused = is_reused()
                try:
                    found = attempt(repetition)
                    wait_s = None if repetition.is_over(found[1]) else repetition.later()
                    if wait_s is None:
                        return found
                except CommunicationError as problem:
                    wait_s = repetition.again(problem, reused=reused)
                    if wait_s is None:
                        raise
                if wait_s:
                    sleep(wait_s)
        finally:
            repetition.end()

    def take_number(self) -> int:
        """A number for a call."""
        with self._lock:
            self.client = self.client or os.urandom(ID_BYTES)
            self._last += 1
            self._open.add(self._last)
            return self._last

    def give_back(self, number: int) -> None:
        """A call is over."""
        with self._lock:
            self._open.discard(number)

    def lowest(self) -> int:
        """The lowest number of a call that is not over."""
        with self._lock:
            return min(self._open, default=self._last + 1)


class Repetition:
    """One call, made as often as need be.

    Args:
        all_of_them: Those of the proxy.
        max_retries: How often to repeat it.
        numbered: Whether it is to be executed once at most.
    """

    __slots__ = ("_all", "_before", "_max", "_maybe", "_now", "_number", "_numbered", "_tries", "_waits")

    def __init__(self, all_of_them: Repetitions, max_retries: int, *, numbered: bool) -> None:
        self._all = all_of_them
        self._max = max_retries
        self._numbered = numbered and max_retries > 0
        self._number = 0
        self._tries = 0
        self._maybe = False
        self._waits: Iterator[float] | None = None
        self._now: tuple[bytes, int] | None = None  # where it is being made, and when
        self._before: tuple[bytes, int] | None = None  # where it was first made, if it may have arrived there

    def mark(self, connection: Connection, call: Prepared) -> None:
        """Number the call that is about to be sent.

        Raises:
            CommunicationError: If it may have been executed already, and this server knows no numbers.
        """
        if not self._numbered or call.flags & ONEWAY:
            return
        stamp = None
        if ONCE in connection.features:
            stamp = read_stamp(connection.response_annotations.get(ANNOTATION_ONCE))
        if stamp is None:
            if self._before is not None:
                raise CommunicationError(
                    f"the call may have been executed, and {connection.peer} cannot tell; it was not made "
                    "again",
                    peer=connection.peer,
                )
            return
        server, then_ms = stamp
        passed_s = self._all.clock() - connection.welcomed_at
        self._now = server, then_ms + int(passed_s * 1000)
        self._number = self._number or self._all.take_number()
        seen = self._before or (NOBODY, 0)
        call_id = CallId(self._all.client, self._number, self._all.lowest(), *seen)
        annotations, correlation_id = call.extras
        call.extras = {**annotations, ANNOTATION_ONCE: call_id.pack()}, correlation_id

    def again(self, problem: CommunicationError, *, reused: bool) -> float | None:
        """An attempt failed.

        Args:
            problem: How.
            reused: It was made on an old connection.

        Returns:
            How long to wait before the next one, in seconds; None if there is to be none.
        """
        if not problem.retry_safe:
            self._before = self._before or self._now
            self._maybe = True
        wait_s = None
        if repeats(problem, self._tries, self._max, reused=reused):
            wait_s = self._next(at_once=reused and problem.retry_safe)
        if wait_s is None and self._maybe:  # whatever became of this attempt: an earlier one may have arrived
            delivered(problem, MAYBE_EXECUTED)
        return wait_s

    def is_over(self, message: Message | None) -> bool:
        """Whether an answer is the last word, as opposed to "not now", of which there may be no more."""
        if message is None or message.annotations.get(ANNOTATION_DELIVERY) != AGAIN:
            self._all.budget.succeeded()
            return True
        return self._tries >= self._max

    def later(self) -> float | None:
        """How long to wait after an answer that was not the last word, in seconds; None: take it as such."""
        return self._next(at_once=False)

    def end(self) -> None:
        """The call is over, one way or the other."""
        if self._number:
            self._all.give_back(self._number)

    def _next(self, *, at_once: bool) -> float | None:
        self._tries += 1
        if at_once:
            return 0.0
        if not self._all.budget.take():
            return None
        self._waits = self._waits or delays()
        return next(self._waits)
