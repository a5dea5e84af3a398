"""What a transport remembers of one connection."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyro_core.transport import Engine, Work
    from pyro_server.transports.oneways import Lane

NO_WORKS: Sequence["Work"] = ()


class Connection:
    """One connection: its socket, its engine, and what has not been done yet.

    It belongs to one thread at a time: to the serving thread while it is watched by the poller, or to the
    worker that it was handed to.

    Attributes:
        sock: The socket, in blocking mode; whoever must not block says so with each call.
        fd: Its descriptor.
        peer: Address of the other side, as text.
        engine: The server's side of the dialogue.
        begun_at: When it was accepted, on the loop's clock.
        progress_at: When the serving thread last got something from or for it, on the loop's clock.
        works: Requests that arrived and wait for their turn.
        unsent: Rest of an answer that the other side is too slow to take; until it is sent, nothing more
            of this connection is read or run.
        mask: What the poller watches it for; 0 while it is not watched.
        holder: Id of the thread of the worker that has it, else 0.
        lingers: Whether a worker may wait a moment for the next request.
        draining: The server has said its last word; what still arrives is thrown away.
        slow: One of its calls took long: further ones go to workers at once.
        lane: Its oneway works, once there were any.
    """

    __slots__ = (
        "begun_at",
        "draining",
        "engine",
        "fd",
        "holder",
        "lane",
        "lingers",
        "mask",
        "peer",
        "progress_at",
        "slow",
        "sock",
        "unsent",
        "works",
    )

    def __init__(self, sock: Any, peer: str, engine: "Engine", now: float) -> None:
        self.sock = sock
        self.fd: int = sock.fileno()
        self.peer = peer
        self.engine = engine
        self.begun_at = self.progress_at = now
        self.works = NO_WORKS
        self.unsent: memoryview | None = None
        self.mask = 0
        self.holder = 0
        self.lingers = True
        self.draining = False
        self.slow = False
        self.lane: Lane | None = None
