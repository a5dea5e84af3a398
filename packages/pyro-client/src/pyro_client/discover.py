"""Looking for a name server in several ways at the same time; the first that answers is taken."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread

from pyro_core.errors import PyroError
from pyro_core.plans import Discover
from pyro_core.uri import URI

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from pyro_core.plans import Found

    Way = Callable[[float], str | None]

HEAD_START_S: Final = 0.1
"""How long the addresses that are known are tried before everybody in the network is asked."""


def first_found(step: Discover, *, clock: Callable[[], float] = time.monotonic) -> Found:
    """Carry out ``Discover``: each way in a thread of its own, which ends by itself.

    Args:
        step: What to look for.
        clock: Monotonic time in seconds.
    """
    deadline = clock() + step.wait_s
    answers: SimpleQueue[tuple[str, str | None, str]] = SimpleQueue()  # who, what was found, or why not
    direct: dict[str, Way] = {str(URI(place).location): partial(_reachable, place) for place in step.places}
    asking = {who: way for who, way in _questions(step).items() if step.wait_s > 0}
    waiting: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for ways, patience_s in ((direct, HEAD_START_S), (asking, step.wait_s)):
        _begin(ways, max(deadline - clock(), 0.0), answers)
        waiting.update(dict.fromkeys(ways, f"no answer within {step.wait_s:g} s"))
        until = min(clock() + patience_s, deadline)
        while waiting and (left_s := until - clock()) > 0:
            try:
                who, found, reason = answers.get(timeout=left_s)
            except Empty:
                break
            text = waiting.pop(who)
            if found is not None and found not in step.known:
                return found, tuple(reasons.items())
            if found is None:
                reasons[who] = reason or text
    return None, tuple({**reasons, **waiting}.items())


def _questions(step: Discover) -> dict[str, Way]:
    ways: dict[str, Way] = {}
    if step.addresses:
        who = f"broadcast to {', '.join(step.addresses)} port {step.port}"
        ways[who] = partial(_broadcast, step.addresses, step.port, step.known)
    if step.mdns:
        ways["multicast DNS"] = partial(_mdns, step.known)
    return ways


def _begin(ways: dict[str, Way], wait_s: float, answers: SimpleQueue[tuple[str, str | None, str]]) -> None:
    for who, way in ways.items():
        Thread(target=_go, args=(who, way, wait_s, answers), name=f"pyro-find {who}", daemon=True).start()


def _go(who: str, way: Way, wait_s: float, answers: SimpleQueue[tuple[str, str | None, str]]) -> None:
    try:
        answers.put((who, way(wait_s), ""))
    except (PyroError, OSError) as problem:
        answers.put((who, None, str(problem)))


def _reachable(place: str, wait_s: float) -> str | None:
    from pyro_core.net.sockets import connect

    connect(URI(place), timeout_s=wait_s).close()
    return place


def _broadcast(addresses: tuple[str, ...], port: int, known: tuple[str, ...], wait_s: float) -> str | None:
    from pyro_client import broadcast

    return next(iter(broadcast.ask(addresses, port, wait_s, known=known)), None)


def _mdns(known: tuple[str, ...], wait_s: float) -> str | None:
    from pyro_client import mdns

    return mdns.ask(wait_s, known=known)
