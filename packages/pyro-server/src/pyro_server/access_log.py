"""One line for each client that is let in or turned away, and for each thing that one may not do."""

import logging
from typing import Any, Final

from pyro_core.identity import ANONYMOUS, Principal

log = logging.getLogger("pyro_server.access")

_MOST_CHARS: Final = 120
"""Of each value: peers choose some of them."""


def note(level: int, event: str, principal: Principal | None, peer: str, **more: Any) -> None:
    """Log a line of ``name='value'`` pairs; the record has them as a dict ``fields``, too.

    Args:
        level: Its level.
        event: What happened.
        principal: Who did it; None if nobody knows.
        peer: From which address.
        more: What else there is to tell.
    """
    if not log.isEnabledFor(level):
        return
    who = {} if principal is None else {"principal": principal.name, "proof": principal.proof}
    known = {**who, "peer": peer, **more}
    fields = {name: str(value)[:_MOST_CHARS] for name, value in known.items()}
    pairs = " ".join(f"{name}={value!r}" for name, value in fields.items())
    log.log(level, "%s: %s", event, pairs, extra={"fields": {"event": event, **fields}})


def note_accepted(principal: Principal, peer: str) -> None:
    """A client was let in."""
    level = logging.DEBUG if principal.proof == ANONYMOUS.proof else logging.INFO
    note(level, "accepted", principal, peer)


def note_denied(principal: Principal | None, peer: str, **more: Any) -> None:
    """A client was turned away, or may not do something."""
    note(logging.WARNING, "denied", principal, peer, **more)
