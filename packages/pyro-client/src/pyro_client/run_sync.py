"""Carries out the steps of plans with blocking sockets, within a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

from pyro_core import plans
from pyro_core.errors import ConnectionClosedError, TimeoutError
from pyro_core.plans import Plan, Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from socket import socket
    from typing import Any, Final, TypeVar

    T = TypeVar("T")
    from pyro_client.secure import ClientTls
    from pyro_core.plans import Found
    from pyro_core.settings import TLS, ClientSettings


RECEIVE_BYTES: Final = 65536
"""Enough for nearly every answer to arrive in one piece."""
RECEIVE_MORE_BYTES: Final = 1 << 18
"""The rest of a large answer comes in fewer, larger pieces."""
_SHORTEST_TIMEOUT_S: Final = 0.001
"""Kernel timeouts of zero mean "for ever"."""


class SyncLink:
    """A connected blocking socket whose every wait can be bounded.

    Deadlines are enforced by the kernel (SO_RCVTIMEO, SO_SNDTIMEO): unlike Python's own socket timeouts
    they cost no extra system call per operation.

    Args:
        sock: The socket.
        peer: Address of the other side, for texts.
        clock: Monotonic time in seconds.
        owned: Whether closing the link closes the socket.

    Attributes:
        receive_timeout_s: The bound of a single wait for data now.
    """

    __slots__ = ("_clock", "receive_timeout_s", "_send_timeout_s", "owned", "peer", "sock")

    def __init__(
        self, sock: socket, peer: str, clock: Callable[[], float] = time.monotonic, *, owned: bool = True
    ) -> None:
        self.sock = sock
        self.peer = peer
        self.owned = owned
        self._clock = clock
        self.receive_timeout_s: float | None = None
        self._send_timeout_s: float | None = None

    def bound_waits(self, timeout_s: float | None) -> None:
        """Let no single wait take longer than that many seconds; None for any time."""
        self._bound_receive(timeout_s)
        self._bound_send(timeout_s)

    def send(self, data: bytes | memoryview, deadline: float | None) -> None:
        """Send all of it.

        Args:
            data: What to send.
            deadline: Time on the link's clock; None for none.

        Raises:
            ConnectionClosedError: If the other side is gone; ``retry_safe`` if nothing was sent.
            TimeoutError: At the deadline; the same.
        """
        flags = _dont_wait() if deadline is not None else 0  # mostly there is room, and no need for a bound
        size, sent = len(data), 0
        while sent < size:
            left_s = self._left_s(deadline, retry_safe=not sent)
            if not flags:
                self._bound_send(_bound_for(left_s, self._send_timeout_s))
            try:
                sent += self.sock.send(memoryview(data)[sent:] if sent else data, flags)
            except BlockingIOError:
                pass  # the deadline decides
            except OSError as problem:
                raise self.lost(problem, retry_safe=not sent) from problem
            flags = 0

    def receive(self, deadline: float | None, most_bytes: int = RECEIVE_MORE_BYTES) -> bytes:
        """Wait for some bytes; empty when the other side closed the connection.

        Args:
            deadline: Time on the link's clock; None for none.
            most_bytes: No more than that. Much more than what comes costs two system calls.

        Raises:
            ConnectionClosedError: If the connection broke.
            TimeoutError: At the deadline.
        """
        while True:
            self._bound_receive(_bound_for(self._left_s(deadline), self.receive_timeout_s))
            try:
                return self.sock.recv(most_bytes)
            except BlockingIOError:
                continue  # the deadline decides
            except OSError as problem:
                raise self.lost(problem) from problem

    def is_closed(self) -> bool:
        """Whether the other side has closed the connection; does not wait."""
        from socket import MSG_PEEK

        self.sock.setblocking(False)
        try:
            return not self.sock.recv(1, MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            self.sock.setblocking(True)

    def close(self, *, wake: bool = True) -> None:
        """Close the connection, unless it belongs to somebody else.

        Args:
            wake: Wake a thread that waits for data; not needed where there is none.
        """
        if self.owned:
            if wake:
                from socket import SHUT_RDWR

                try:
                    self.sock.shutdown(SHUT_RDWR)
                except OSError:
                    pass  # the other side was faster
            self.sock.close()

    def abandon(self) -> None:
        """Let go of the socket in this process, while another one goes on with the connection."""
        if self.owned:
            self.sock.close()

    def lost(self, problem: OSError, *, retry_safe: bool = False) -> ConnectionClosedError:
        """The error for a connection that broke."""
        outcome = "nothing was sent" if retry_safe else "the call may have been executed"
        return ConnectionClosedError(
            f"connection to {self.peer} lost: {problem.strerror or problem}; {outcome}",
            peer=self.peer,
            retry_safe=retry_safe,
        )

    def late(self, *, retry_safe: bool = False) -> TimeoutError:
        """The error for a deadline that passed."""
        outcome = "nothing was sent" if retry_safe else "the call may have been executed, or still run"
        return TimeoutError(
            f"timeout: no complete answer from {self.peer} before the deadline; {outcome}",
            peer=self.peer,
            retry_safe=retry_safe,
        )

    def _left_s(self, deadline: float | None, *, retry_safe: bool = False) -> float | None:
        if deadline is None:
            return None
        left_s = deadline - self._clock()
        if left_s <= 0:
            raise self.late(retry_safe=retry_safe)
        return left_s

    def _bound_receive(self, timeout_s: float | None) -> None:
        if timeout_s != self.receive_timeout_s:
            from pyro_core.net import sockets

            sockets.set_receive_timeout(self.sock, timeout_s)
            self.receive_timeout_s = timeout_s

    def _bound_send(self, timeout_s: float | None) -> None:
        if timeout_s != self._send_timeout_s:
            from pyro_core.net import sockets

            sockets.set_send_timeout(self.sock, timeout_s)
            self._send_timeout_s = timeout_s


def _bound_for(left_s: float | None, bound_s: float | None) -> float | None:
    """The kernel timeout to have while there is so much time left.

    A bound that is a little shorter than the time left is kept as it is: waking up early and waiting again is
    rarer and cheaper than a system call per operation.
    """
    if left_s is None or (bound_s is not None and left_s / 2 <= bound_s <= left_s):
        return None if left_s is None else bound_s
    return max(left_s * 0.9, _SHORTEST_TIMEOUT_S)


@cache
def _dont_wait() -> int:
    """The flag for sending what fits without waiting; 0 where there is none."""
    import socket

    return getattr(socket, "MSG_DONTWAIT", 0)


class SyncRunner:
    """Runs plans in the calling thread.

    Args:
        settings: Gives timeouts and socket options.
        clock: Monotonic time in seconds.
        sleep: Waits some seconds.
        discover: Carries out ``Discover``; None for ``pyro_client.discover.first_found``.
    """

    def __init__(
        self,
        settings: ClientSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        discover: Callable[[plans.Discover], Found] | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.sleep = sleep
        self._discover = discover
        self._tls: ClientTls | None = None

    def run(self, plan: Plan[T], deadline: float | None = None) -> T:
        """Run a plan to its end.

        Args:
            plan: The plan.
            deadline: Time on the clock at which it must be done; None for none.

        Raises:
            TimeoutError: At the deadline.
        """
        return plans.drive(plan, lambda step: self._perform(step, deadline))

    def _perform(self, step: Step, deadline: float | None) -> Any:
        match step:
            case plans.Send():
                return step.link.send(step.data, deadline)
            case plans.Receive():
                until = deadline
                if step.within_s is not None:
                    until = min(self.clock() + step.within_s, float("inf") if until is None else until)
                return step.link.receive(until, RECEIVE_BYTES)
            case plans.Open():
                return self._open(step, deadline)
            case plans.Close():
                return step.link.close()
            case plans.Sleep():
                return self._wait(step.seconds, deadline)
            case plans.Discover():
                return self._ask(step.within(self._left_s(deadline, "looking for a name server")))

    def _open(self, step: plans.Open, deadline: float | None) -> SyncLink:
        from pyro_core.net import sockets  # not at the top: importing the client alone must be quick

        peer = str(step.uri.location)
        limits_s = [
            self._left_s(deadline, f"connecting to {peer}"),
            *(s for s in (step.within_s, self.settings.timeouts.connect_s) if s is not None),
        ]
        shortest_s = min(limits_s)
        timeout_s = None if shortest_s == float("inf") else shortest_s
        began_at = self.clock()
        sock: Any = sockets.connect(
            step.uri,
            timeout_s=timeout_s,
            nodelay=self.settings.nodelay,
            keepalive_s=self.settings.keepalive_s,
            prefer_ip_version=self.settings.prefer_ip_version,
        )
        if self.settings.tls is not None:
            left_s = None if timeout_s is None else max(timeout_s - (self.clock() - began_at), 0.0)
            sock = self._client_tls(self.settings.tls).secured(sock, step.uri, left_s)
        return SyncLink(sock, peer, self.clock)

    def _client_tls(self, tls: TLS) -> ClientTls:
        if self._tls is None:
            from pyro_client import secure  # brings along the ssl module

            self._tls = secure.SHARED.get(tls)
        return self._tls

    def _wait(self, seconds: float, deadline: float | None) -> None:
        left_s = self._left_s(deadline, "waiting before another attempt")
        self.sleep(min(seconds, left_s))
        if seconds > left_s:
            raise TimeoutError("timeout: the deadline passed before another attempt", retry_safe=True)

    def _ask(self, step: plans.Discover) -> Found:
        if self._discover is not None:
            return self._discover(step)
        from pyro_client.discover import first_found

        return first_found(step)

    def _left_s(self, deadline: float | None, doing: str) -> float:
        if deadline is None:
            return float("inf")
        left_s = deadline - self.clock()
        if left_s <= 0:
            raise TimeoutError(f"timeout: the deadline passed before {doing}", retry_safe=True)
        return left_s
