"""Steps of multi-step client logic, which is written once and run by a blocking and by an asyncio runner.

A plan is a generator: it yields steps and receives their results. The runner owns sockets, clocks and the
deadline; the plan owns the order of things. A failing step is raised inside the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from pyro_core.records import Record
from pyro_core.uri import URI

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    T = TypeVar("T")
    Found = tuple[str | None, tuple[tuple[str, str], ...]]


class Open(Record):
    """Connect; gives an opaque link for the other steps.

    Raises inside the plan: CommunicationError with ``retry_safe``, TimeoutError.

    Attributes:
        uri: A PYRO address.
        within_s: Give up after that many seconds; None for the runner's own limit.
    """

    __slots__ = ("uri", "within_s")

    def __init__(self, uri: URI, within_s: float | None = None) -> None:
        self.uri = uri
        self.within_s = within_s


class Send(Record):
    """Send all of ``data``; gives None. Raises inside the plan: ConnectionClosedError, TimeoutError."""

    __slots__ = ("link", "data")

    def __init__(self, link: Any, data: bytes) -> None:
        self.link = link
        self.data = data


class Receive(Record):
    """Wait for some bytes; gives them, or ``b""`` when the other side closed the connection.

    Attributes:
        link: Where from.
        within_s: Raise TimeoutError inside the plan after that many seconds; None for the runner's own limit.
    """

    __slots__ = ("link", "within_s")

    def __init__(self, link: Any, within_s: float | None = None) -> None:
        self.link = link
        self.within_s = within_s


class Sleep(Record):
    """Wait; gives None. The runner cuts it short at the deadline and raises TimeoutError inside the plan."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Close(Record):
    """Close the link; gives None and never fails."""

    __slots__ = ("link",)

    def __init__(self, link: Any) -> None:
        self.link = link


class Discover(Record):
    """Ask the local network for a name server, and see meanwhile whether some addresses accept connections.

    Gives a pair: the first address that answered, as a URI's text, or None; and pairs of who was asked and
    why that was of no use.

    Attributes:
        addresses: Where to send the question by UDP.
        port: UDP port.
        wait_s: How long to wait for the first answer.
        places: Texts of URIs to connect to meanwhile.
        mdns: Whether to ask by multicast DNS, too.
        known: Answers that are not wanted again.
    """

    __slots__ = ("addresses", "port", "wait_s", "places", "mdns", "known")

    def __init__(
        self,
        addresses: tuple[str, ...],
        port: int,
        wait_s: float,
        *,
        places: tuple[str, ...] = (),
        mdns: bool = False,
        known: tuple[str, ...] = (),
    ) -> None:
        self.addresses = addresses
        self.port = port
        self.wait_s = wait_s
        self.places = places
        self.mdns = mdns
        self.known = known

    def within(self, wait_s: float) -> Discover:
        """The same, with no more patience than that."""
        return Discover(
            self.addresses,
            self.port,
            min(wait_s, self.wait_s),
            places=self.places,
            mdns=self.mdns,
            known=self.known,
        )


Step = Open | Send | Receive | Sleep | Close | Discover
if TYPE_CHECKING:
    Plan = Generator[Step, Any, T]
else:  # only for annotations, which nobody evaluates
    Plan = Generator


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
