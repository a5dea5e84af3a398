"""What the flags of a socket's methods mean to TLS: whether to wait, and whether to only look."""

import errno
import socket
import threading
from typing import Final

DONT_WAIT: Final = int(getattr(socket, "MSG_DONTWAIT", 0))  # the enum is slow to compute with
"""Not to wait this once; 0 where there is no such flag, where only the socket's time limit counts."""
PEEK: Final = int(getattr(socket, "MSG_PEEK", 0))
"""To look at what has arrived and leave it there."""


def may_wait(raw: socket.socket, flags: int) -> bool:
    """Whether a method with these flags may wait."""
    return not (flags & DONT_WAIT) and raw.gettimeout() != 0


def take_turn(lock: threading.Lock, raw: socket.socket, flags: int, doing: str) -> None:
    """Take a lock, waiting for it only if the flags allow that.

    Args:
        lock: Held by one thread at a time.
        raw: The socket that the method works on.
        flags: Of the method.
        doing: What the other thread does that has the lock.

    Raises:
        BlockingIOError: If another thread has it, and waiting is not allowed.
    """
    if not lock.acquire(blocking=False) and not (may_wait(raw, flags) and lock.acquire()):
        raise BlockingIOError(errno.EAGAIN, f"another thread {doing}")
