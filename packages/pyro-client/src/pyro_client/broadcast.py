"""The discovery question on the local network: who is the name server?"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Collection, Sequence

from pyro_core import discovery
from pyro_core.errors import CommunicationError, ProtocolError, PyroError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_ROUND_S: Final = 0.4
"""Datagrams get lost: the question is repeated after this time."""
_MAX_DATAGRAM_BYTES: Final = 2048


def ask(
    addresses: Sequence[str],
    port: int,
    wait_s: float,
    *,
    known: Collection[str] = (),
    clock: Callable[[], float] = time.monotonic,
) -> list[str]:
    """Ask for a name server by UDP.

    Args:
        addresses: Where to send the question; ``"<broadcast>"`` reaches everybody.
        port: UDP port.
        wait_s: How long to wait for an answer, in seconds.
        known: Answers that are not wanted.
        clock: Monotonic time in seconds.

    Returns:
        The address of the first that answered, as text; empty if nobody did.

    Raises:
        CommunicationError: If the question could not be sent to any of the addresses.
    """
    deadline = clock() + wait_s
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        while (left_s := deadline - clock()) > 0:
            _send(sock, addresses, port)
            answer = _await_answer(sock, min(clock() + min(_ROUND_S, left_s), deadline), known, clock)
            if answer:
                return [answer]
    return []


def ask_all(
    addresses: Sequence[str], port: int, wait_s: float, *, clock: Callable[[], float] = time.monotonic
) -> list[str]:
    """Ask for all name servers by UDP; takes the whole time. See ``ask``."""
    deadline = clock() + wait_s
    found: dict[str, None] = {}
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        while clock() < deadline:
            _send(sock, addresses, port)
            until = min(clock() + _ROUND_S, deadline)
            while (answer := _await_answer(sock, until, found, clock)) is not None:
                found[answer] = None
    return list(found)


def _send(sock: socket.socket, addresses: Sequence[str], port: int) -> None:
    problems = []
    for address in addresses:
        try:
            sock.sendto(discovery.QUESTION, (address, port))
        except OSError as problem:  # such as no route for one of them, while another one works
            problems.append(f"{address}: {problem}")
    if len(problems) == len(addresses):
        raise CommunicationError(f"the discovery question could not be sent ({'; '.join(problems)})")


def _await_answer(
    sock: socket.socket, until: float, known: Collection[str], clock: Callable[[], float]
) -> str | None:
    while (left_s := until - clock()) > 0:
        sock.settimeout(left_s)
        try:
            datagram, _sender = sock.recvfrom(_MAX_DATAGRAM_BYTES)
        except (TimeoutError, ConnectionError):  # the latter: a host without name server says so
            continue
        try:
            answer = str(discovery.parse_answer(datagram))
        except (PyroError, ProtocolError):  # some other program's datagram
            continue
        if answer not in known:
            return answer
    return None
