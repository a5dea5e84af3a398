"""The contract between a transport, which owns sockets and threads, and the engine of one connection.

A transport moves bytes and decides on which thread work runs; it knows nothing of messages. An engine
knows the dialogue and owns no socket. Third parties write one ``Transport``, one entry point in the group
``pyro.transports``, and one test that calls the suite in ``pyro_core.testing.transports``.
"""

import abc
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

from pyro_core.settings import ServerSettings


class Work(Protocol):
    """One request that arrived whole and waits to be run.

    Attributes:
        oneway: Nobody waits for an answer: it may run beside later requests of the same connection.
        concurrent: It may run beside other requests of the same connection, and its answer may be sent
            before theirs.
    """

    oneway: bool
    concurrent: bool


class Wire(Protocol):
    """How the engine of a connection reaches it at any time, from any thread.

    A transport that can do this gives itself to the engine with ``Engine.attach``; the engine then offers
    the extras that need it (see ``pyro_core.features.DUPLEX``).
    """

    def send(self, data: Any) -> None:
        """Send bytes or a list of buffers, or keep them until the peer takes them. Never waits for the peer.

        Raises:
            ConnectionClosedError: If the connection is gone, or far too much waits to be sent.
        """

    def wait(self, ready: Callable[[float], bool], timeout_s: float) -> bool:
        """Wait for something that will arrive on this connection, which is read and served meanwhile.

        Args:
            ready: Waits for so many seconds at most, and tells whether it has happened; like
                ``threading.Event.wait``.
            timeout_s: How long to wait.

        Returns:
            Whether it has happened.
        """


class Plain(Protocol):
    """A shorter way for usual calls, which a transport may take instead of ``receive`` and ``run``."""

    def take(self, data: bytes) -> tuple[int, bytes] | None:
        """What to give to ``run``, if ``data`` is exactly one usual call and no part of one came before.

        None means that nothing has changed: give the data to ``Engine.receive`` then.
        """

    def run(self, seq: int, payload: bytes) -> Any:
        """Run a call; gives the answer, as ``Engine.run`` does. It is as ``concurrent`` as its engine."""


class Engine(Protocol):
    """The server's side of one connection, without its socket.

    One thread at a time calls ``receive``, ``output`` and ``close``. ``run`` may be called from any
    thread; only works with ``oneway`` or ``concurrent`` may run at the same time as others of this
    connection.

    Attributes:
        shared: Several calls of the peer may be under way: what arrives is to be received, and served, also
            while works run. Only if ``attach`` was called.
        awaiting_handshake: True until the peer's handshake was accepted; the transport closes a
            connection that stays so longer than ``Timeouts.handshake_s``.
        closing: True when the connection must be closed once ``output`` has been sent.
        plain: A shorter way for usual calls; None if there is none (yet).
    """

    plain: Plain | None
    shared: bool
    awaiting_handshake: bool
    closing: bool

    def attach(self, wire: Wire) -> None:
        """Let the engine reach its connection. To be called before ``receive``, if at all."""

    @property
    def mid_message(self) -> bool:
        """True while part of a message has arrived and the rest has not."""

    def receive(self, data: bytes) -> Sequence[Work]:
        """Take bytes that arrived; gives the requests they completed, in order. Bad bytes do not raise."""

    @property
    def busy(self) -> bool:
        """True while works of a shared connection run or wait to be run."""

    def run(self, work: Any) -> Any:
        """Run one request that ``receive`` gave; gives the answer.

        That is bytes, empty for none; or, where ``attach`` was called, perhaps a list of buffers to be sent
        one after the other.

        What methods raise becomes an answer, and is never raised here.
        """

    def output(self) -> bytes:
        """Take what the engine has to say by itself (pongs, refusals); empty most of the time."""

    def close(self) -> None:
        """The connection is gone: let go of what belonged to it. May be called more than once."""


class Host(Protocol):
    """What a transport needs from the daemon that owns it."""

    settings: ServerSettings

    def wrap(self, sock: Any, listener: Any) -> Any:
        """What to use instead of an accepted socket: the same, or one that speaks TLS over it.

        To be called for every socket before anything else is done with it, except by transports that let
        something else speak TLS (see ``tls_context``). It never waits for the peer, and costs a silent peer
        no more than a plain socket does: ``recv`` and ``send`` behave as on a socket, except that ``recv``
        may give more than was asked for, and that ``send`` is to be repeated with the same bytes until it
        has taken them, before anything else is sent.

        Args:
            sock: The accepted socket.
            listener: The listening socket it came from; None for one that was connected elsewhere.
        """

    def tls_context(self, listener: Any) -> Any:
        """For transports on event loops that speak TLS themselves: how, on what a listener accepts now.

        Args:
            listener: The listening socket.

        Returns:
            An ``ssl.SSLContext``, which may be another one next time; None for plain connections.
        """

    def connection_made(self, peer: str, sock: Any) -> Engine:
        """A client connected.

        Args:
            peer: Its address, as text.
            sock: Its socket, for the daemon's hooks to look at, not to read from.
        """

    def drain(self) -> None:
        """The transport stops: engines answer further calls with an error that says so."""

    def give_up(self) -> None:
        """``Timeouts.drain_s`` is over: end item streams that still run. May wait for event loops."""

    def housekeeping(self) -> None:
        """Called every few seconds, and at least once per ``Timeouts.housekeeping_s``."""

    def forked(self) -> Callable[[], None]:
        """This is a child process now, which serves on its own: leave to the parent what only one can do.

        Returns:
            What to call when it has served.
        """


class Load(NamedTuple):
    """How much a transport has to do.

    Attributes:
        connections: Open connections.
        calls: Calls that run or wait to be run.
        oneways_queued: One-way calls that wait for a thread.
        threads: Threads that run calls.
        starved: Works wait because there may be no more threads.
    """

    connections: int = 0
    calls: int = 0
    oneways_queued: int = 0
    threads: int = 0
    starved: bool = False


class Transport(abc.ABC):
    """Accepts connections, moves bytes, and runs works.

    Class attributes:
        name: What users type as ``servertype``.

    Args:
        host: The daemon.
        listeners: Bound and listening sockets (for ``existing``: one connected socket). The transport
            owns and closes them.
    """

    name: ClassVar[str]

    def __init__(self, host: Host, listeners: Sequence[Any]) -> None:
        self.host = host
        self.listeners = list(listeners)

    def add_listener(self, listener: Any) -> None:
        """Accept connections on one more listening socket, too. Only while nothing is served.

        Raises:
            PyroError: If this transport must know its listeners from the beginning.
        """
        from pyro_core.errors import PyroError

        raise PyroError(
            f"the {self.name!r} transport listens only where it was told to first; use Daemon(listen=[...])"
        )

    def check_background(self) -> None:  # noqa: B027 - most have nothing against it
        """See that ``serve`` may be called in a thread beside those of the program.

        Raises:
            PyroError: If not.
        """

    @abc.abstractmethod
    def serve(self, running: Callable[[], bool] = lambda: True) -> None:
        """Serve until ``shutdown`` is called or ``running()``, asked every now and then, gives False.

        Called at most once at a time. Returns with all connections and listeners still open.
        """

    @abc.abstractmethod
    def shutdown(self) -> None:
        """Make ``serve`` return soon. From any thread, any number of times, also before ``serve``.

        ``serve`` then accepts nothing more, calls ``Host.drain``, lets works that run end for up to
        ``Timeouts.drain_s``, and closes connections that are idle. Where works still run then, it calls
        ``Host.give_up``.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Close listeners and connections, end threads. Works that run get a moment to finish."""

    @property
    def load(self) -> Load:
        """How much it has to do now, roughly: others go on meanwhile. Zeros where that is not known."""
        return Load()

    @property
    def is_serving(self) -> bool:
        """Whether ``serve`` is under way; True where that is not known."""
        return True

    @property
    def sockets(self) -> Sequence[Any]:
        """Sockets for a foreign event loop to watch; call ``events`` with those that are readable.

        Raises:
            PyroError: If this transport cannot be driven from outside.
        """
        from pyro_core.errors import PyroError

        raise PyroError(f"the {self.name!r} transport has its own loop; inside another one use 'multiplex'")

    def events(self, ready: Sequence[Any]) -> None:
        """Handle readable sockets, for a foreign event loop.

        Args:
            ready: Those of ``sockets`` that have something to read.
        """
        raise NotImplementedError(f"{self.name} cannot be driven from outside: {len(ready)} sockets ignored")
