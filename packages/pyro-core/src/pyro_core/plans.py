"""Steps of multi-step client logic, which is written once and run by a blocking and by an asyncio runner.

A plan is a generator: it yields steps and receives their results. The runner owns sockets, clocks and the
deadline; the plan owns the order of things. A failing step is raised inside the plan.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from pyro_core.uri import URI

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Open:
    """Connect; gives an opaque link for the other steps.

    Raises inside the plan: CommunicationError with ``retry_safe``, TimeoutError.

    Attributes:
        uri: A PYRO address.
        within_s: Give up after that many seconds; None for the runner's own limit.
    """

    uri: URI
    within_s: float | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Send all of ``data``; gives None. Raises inside the plan: ConnectionClosedError, TimeoutError."""

    link: Any
    data: bytes


@dataclass(frozen=True, slots=True)
class Receive:
    """Wait for some bytes; gives them, or ``b""`` when the other side closed the connection."""

    link: Any


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait; gives None. The runner cuts it short at the deadline and raises TimeoutError inside the plan."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Close:
    """Close the link; gives None and never fails."""

    link: Any


@dataclass(frozen=True, slots=True)
class Discover:
    """Ask for a name server by UDP broadcast; gives the addresses that answered, as texts, perhaps none.

    Attributes:
        addresses: Where to send the question.
        port: UDP port.
        wait_s: How long to wait for the first answer.
    """

    addresses: tuple[str, ...]
    port: int
    wait_s: float


Step = Open | Send | Receive | Sleep | Close | Discover
Plan = Generator[Step, Any, T]


def drive(plan: Plan[T], perform: Callable[[Step], Any]) -> T:
    """Run a plan to its end.

    Args:
        plan: The plan.
        perform: Carries out one step and gives its result; what it raises is raised inside the plan.

    Returns:
        What the plan returns.
    """
    try:
        step = next(plan)
        while True:
            try:
                result = perform(step)
            except BaseException as problem:
                step = plan.throw(problem)
            else:
                step = plan.send(result)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
