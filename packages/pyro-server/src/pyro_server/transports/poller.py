"""Waiting for many sockets at once, and being woken while waiting."""

import select
import selectors
import socket
from typing import Protocol

READABLE = 1
"""Something can be read, or the other side went away. (The value is that of ``EPOLLIN``.)"""
WRITABLE = 4
"""Something can be written. (The value is that of ``EPOLLOUT``.)"""


class Poller(Protocol):
    """Watches sockets by their file descriptors; what is ready stays ready until it is dealt with."""

    def add(self, fd: int, mask: int) -> None:
        """Watch a descriptor that is not watched yet."""

    def change(self, fd: int, mask: int) -> None:
        """Watch a descriptor for something else."""

    def remove(self, fd: int) -> None:
        """Watch a descriptor no longer. To be done before it is closed."""

    def wait(self, timeout_s: float) -> list[tuple[int, int]]:
        """Pairs of descriptor and mask that are ready; any mask other than WRITABLE means: read, and see."""

    def fileno(self) -> int:
        """Descriptor of the poller itself, readable when something is ready; -1 if this system has none."""

    def close(self) -> None:
        """Let go of everything. May be called more than once."""


class EpollPoller:
    """The kernel's own table, without the objects that ``selectors`` builds for each event."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self.add = self._epoll.register
        self.change = self._epoll.modify
        self.remove = self._epoll.unregister
        self.wait = self._epoll.poll
        self.fileno = self._epoll.fileno
        self.close = self._epoll.close


class SelectorPoller:
    """For systems without epoll."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def add(self, fd: int, mask: int) -> None:
        self._selector.register(fd, self._events(mask))

    def change(self, fd: int, mask: int) -> None:
        self._selector.modify(fd, self._events(mask))

    def remove(self, fd: int) -> None:
        self._selector.unregister(fd)

    def wait(self, timeout_s: float) -> list[tuple[int, int]]:
        return [
            (key.fd, WRITABLE if events == selectors.EVENT_WRITE else READABLE)
            for key, events in self._selector.select(timeout_s)
        ]

    def fileno(self) -> int:
        fileno = getattr(self._selector, "fileno", None)
        return fileno() if fileno else -1

    def close(self) -> None:
        self._selector.close()

    @staticmethod
    def _events(mask: int) -> int:
        return selectors.EVENT_WRITE if mask == WRITABLE else selectors.EVENT_READ


def new_poller() -> Poller:
    """The best poller of this system."""
    return EpollPoller() if hasattr(select, "epoll") else SelectorPoller()


class Wakeup:
    """Ends a poller's wait from another thread or from a signal handler; takes no lock.

    Attributes:
        fd: Descriptor for the poller to watch.
    """

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self.fd = self._reader.fileno()

    def wake(self) -> None:
        """Make ``fd`` readable."""
        try:
            self._writer.send(b"\0")
        except BlockingIOError:
            pass  # so many wake-ups wait to be read that one more tells nothing new
        except OSError:
            pass  # closed: nobody waits any more

    def clear(self) -> None:
        """Forget the wake-ups so far."""
        try:
            self._reader.recv(4096)
        except BlockingIOError:
            pass  # somebody else was faster

    def close(self) -> None:
        """Close both ends. May be called more than once."""
        self._reader.close()
        self._writer.close()
