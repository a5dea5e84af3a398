"""A line in the log for each use, with who it was."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pyro_core.context import serving
from pyro_core.errors import SecurityError
from pyro_server.access_log import note, note_denied


def note_use(act: str, what: str) -> None:
    """Note that a client uses something. Local use is nobody's business.

    Args:
        act: What is done.
        what: With what.
    """
    call = serving()
    if call is not None:
        note(logging.INFO, "flame", call.principal, call.client_address, act=act, what=what)


@contextmanager
def noted(act: str, what: str) -> Iterator[None]:
    """Note that something is used, or that it was denied if that is raised inside.

    Args:
        act: What is done.
        what: With what.
    """
    try:
        yield
    except SecurityError as problem:
        call = serving()
        if call is not None:
            note_denied(
                call.principal, call.client_address, object=call.object_id, act=act, what=what, reason=problem
            )
        raise
    note_use(act, what)
