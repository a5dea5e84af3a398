"""What a transport remembers of one connection."""

import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pyro_core.transport import Engine, Work
    from pyro_server.transports.oneways import Lane

    class Owner(Protocol):
        """The transport, as its connections need it."""

        slice_s: float | None

        def push(self, connection: "Connection", data: Any) -> None: ...

        def wait(
            self, connection: "Connection", ready: Callable[[float], bool], timeout_s: float
        ) -> bool: ...


NO_WORKS: Sequence["Work"] = ()
NO_BURST: deque[tuple[int, bytes]] = deque(maxlen=0)
NO_ANSWERS: deque[bytes] = deque(maxlen=0)
_NOTHING: deque[memoryview] = deque(maxlen=0)
"""These stand for empty queues, which thousands of idle connections share."""


class Connection:
    """One connection: its socket, its engine, and what has not been done yet.

    It belongs to one thread at a time: to the serving thread while it is watched by the poller, or to the
    worker that it was handed to. Only sending is for any thread. It is what its engine reaches it by
    (``pyro_core.transport.Wire``).

    Attributes:
        out: Held while something is sent, or kept to be sent, and while the socket is closed.
        gone: The socket is closed.
        sock: The socket, in blocking mode; whoever must not block says so with each call.
        fd: Its descriptor.
        peer: Address of the other side, as text.
        engine: The server's side of the dialogue.
        begun_at: When it was accepted, on the loop's clock.
        progress_at: When the serving thread last got something from or for it, on the loop's clock.
        works: Requests that arrived and wait for their turn.
        unsent: What the other side is too slow to take; until it is sent, nothing more of this connection is
            read.
        unsent_bytes: Size of that.
        mask: What the poller watches it for; 0 while it is not watched.
        holder: Id of the thread of the worker that has it, else 0.
        guarded: It is watched while a worker has it, whose call takes long (see ``sharing``).
        lingers: Whether a worker may wait a moment for the next request.
        draining: The server has said its last word; what still arrives is thrown away.
        slow: So many of its next calls go to workers of their own at once, because one took long.
        stays: It stays with the loop if that is taken back from the leader that runs a call of it.
        baton: Holds something while the worker that has a shared connection runs a call; who takes it away
            has the connection.
        runs: Number of calls that were run so.
        runs_seen: That number when the serving thread last looked.
        lane: Its oneway works, once there were any.
        burst: Usual calls that arrived together, and that its worker has not begun; before ``works``.
        answers: Those of the burst that are ready; sent before anything else.
    """

    __slots__ = (
        "answers",
        "baton",
        "begun_at",
        "burst",
        "draining",
        "engine",
        "fd",
        "gone",
        "guarded",
        "holder",
        "lane",
        "lingers",
        "mask",
        "out",
        "owner",
        "peer",
        "progress_at",
        "runs",
        "runs_seen",
        "slow",
        "stays",
        "sock",
        "unsent",
        "unsent_bytes",
        "works",
    )

    def __init__(self, sock: Any, peer: str, engine: "Engine", now: float, owner: "Owner") -> None:
        self.sock = sock
        self.owner = owner
        self.out = threading.Lock()
        self.gone = False
        self.fd: int = sock.fileno()
        self.peer = peer
        self.engine = engine
        self.begun_at = self.progress_at = now
        self.works = NO_WORKS
        self.unsent = _NOTHING
        self.unsent_bytes = 0
        self.mask = 0
        self.holder = 0
        self.guarded = False
        self.lingers = True
        self.stays = False
        self.draining = False
        self.slow = 0
        self.baton: list[object] = []
        self.runs = 0
        self.runs_seen = -1
        self.lane: Lane | None = None
        self.burst = NO_BURST
        self.answers = NO_ANSWERS

    # ---- the wire

    @property
    def slice_s(self) -> float | None:
        """How long a job may take at a time, in seconds; None for any time."""
        return self.owner.slice_s

    def send(self, data: Any) -> None:
        """Send bytes or a list of buffers, or keep them until the other side takes them."""
        self.owner.push(self, data)

    def wait(self, ready: Callable[[float], bool], timeout_s: float) -> bool:
        """Wait for something that will arrive here, while the connection is read and served."""
        return self.owner.wait(self, ready, timeout_s)

    # ---- for the transport

    @property
    def calls(self) -> int:
        """How many calls run or wait to be run, roughly: one that runs alone counts with its worker."""
        known = getattr(self.engine, "under_way", None)
        return len(self.works) + len(self.burst) + (bool(self.holder) if known is None else len(known))

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it runs, or waits to be run or sent."""
        return bool(self.mask) and not (self.guarded or self.unsent or self.works or self.engine.busy)

    def write(self, data: Any, flags: int, most_bytes: int) -> bool:
        """Send what the other side takes now, and keep the rest. From any thread.

        Args:
            data: What to send: bytes, or a list of buffers.
            flags: For the socket.
            most_bytes: How much may be kept.

        Returns:
            Whether all is sent.

        Raises:
            OSError: If the connection is broken, or too much would have to be kept.
        """
        parts = data if type(data) is list else (data,)
        with self.out:
            if self.answers:
                ready = [self.answers.popleft() for _ in range(len(self.answers))]
                parts = (b"".join(ready), *parts) if data else (b"".join(ready),)
            if self.unsent_bytes and self.unsent_bytes + sum(map(len, parts)) > most_bytes:
                raise OSError(f"{self.unsent_bytes} bytes wait for a peer that does not read")
            for part in parts:
                sent = 0
                if not self.unsent:
                    try:
                        sent = self.sock.send(part, flags)
                    except (BlockingIOError, InterruptedError):
                        sent = 0
                if sent < len(part):
                    self._keep(memoryview(part)[sent:])
            return not self.unsent

    def post(self, data: Any, flags: int, most_bytes: int) -> bool:
        """What ``write`` does, for the worker that has the connection; quicker for most answers."""
        if type(data) is not bytes or self.engine.shared or self.unsent:
            return self.write(data, flags, most_bytes)
        try:  # nobody else sends on it
            sent = self.sock.send(data, flags)
        except (BlockingIOError, InterruptedError):
            sent = 0
        if sent == len(data):
            return True
        with self.out:
            self._keep(memoryview(data)[sent:])
        return False

    def _keep(self, rest: memoryview) -> None:
        """Keep what is left to be sent; what somebody could still change is copied."""
        if self.unsent is _NOTHING:
            self.unsent = deque()
        self.unsent.append(rest if rest.readonly else memoryview(bytes(rest)))
        self.unsent_bytes += len(rest)

    def flush(self, flags: int) -> bool:
        """Send more of what the other side did not take before; tells whether it took any.

        Raises:
            OSError: If the connection is broken.
        """
        with self.out:
            before = self.unsent_bytes
            unsent = self.unsent
            try:
                while unsent:
                    piece = unsent[0]
                    sent = self.sock.send(piece, flags)
                    self.unsent_bytes -= sent
                    if sent < len(piece):
                        unsent[0] = piece[sent:]
                        break
                    unsent.popleft()
                else:
                    self.unsent = _NOTHING
            except (BlockingIOError, InterruptedError):
                pass
            return self.unsent_bytes < before

    def say_last(self, flags: int) -> None:
        """Send what the engine still has to say, and tell the other side that nothing more comes.

        Raises:
            OSError: If the other side was faster, or so slow that it has no use for this.
        """
        said = self.engine.output()
        if said:
            self.sock.send(said, flags)
        self.sock.shutdown(socket.SHUT_WR)

    def sever(self) -> None:
        """Have the serving thread find it closed. From any thread."""
        with self.out:
            if not self.gone:
                try:
                    self.sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # the peer was faster

    def close(self) -> None:
        """Close the socket, while nobody sends."""
        with self.out:
            self.gone = True
            self.unsent = _NOTHING
            self.unsent_bytes = 0
            self.sock.close()
