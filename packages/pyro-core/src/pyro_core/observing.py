"""What those are told who watch a daemon or a proxy at work: traces, metrics and logs are made of it.

An observer is given to a daemon or proxy, or chosen by name (plugin group ``pyro.observers``). Where there is
none, calls take the ways that know nothing of all this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from pyro_core.names import (
    BATCH_METHOD,
    DAEMON_ID,
    GET_ATTRIBUTE,
    NEXT_ITEM,
    PROTOCOL_48,
    PROTOCOL_502,
    SET_ATTRIBUTE,
)
from pyro_core.wire.codec import CODECS
from pyro_core.wire.message import BATCH, NO_ANNOTATIONS, ONEWAY

if TYPE_CHECKING:
    from pyro_core.wire.codec import Codecs
    from pyro_core.wire.message import Message

Side = Literal["client", "server"]
Kind = Literal["call", "oneway", "batch", "item", "attribute"]
Ended = Callable[[], object]

_ANNOTATION_HEAD_BYTES: Final = {PROTOCOL_502: 8, PROTOCOL_48: 6}
"""What an annotation takes beside its value."""


class ObservedCall:
    """A call, as observers see it: what is known when it begins, and the rest when it has ended.

    On the server it begins when it is decoded and ends when the answer is made; what cannot be decoded, or
    is refused, begins and ends at once, with an error. On the client it ends when the answer is decoded,
    attempts that had to be repeated included.

    Attributes:
        side: Whether it is made here (``client``) or served here (``server``).
        kind: ``call``, ``oneway``, ``batch``, ``item`` (the next one of an item stream, where each is asked
            for) or ``attribute``.
        object_id: Id of the object; empty if the call could not be decoded.
        method: Its method, or the attribute; ``<batch>`` for a batch.
        known: Whether the object has such a method. What a stranger makes up is not to fill tables.
        service: Name of the object's class on the server; empty on the client.
        calls: How many calls it is; more than one for a batch.
        peer: Address of the other side, as text; on the client empty until there is a connection.
        serializer: Name of the serializer; the same.
        principal: Name of who calls, as the daemon was convinced; None on the client.
        correlation_id: 16 bytes, or None.
        annotations_in: What came from the other side: with the request, or, at the end, with the answer.
        annotations_out: What goes to the other side. On the client an observer may add to it when the call
            begins. On the server it is there at the end.
        bytes_in: Size of the message that came, with header and annotations, inflated.
        bytes_out: Size of the message that went.
        began_at: When it began, as ``time.perf_counter()`` counts.
        duration_s: How long it took, in seconds; 0 until it ended.
        error: What was raised; None if all went well, and on the client for a one-way call.
        streams: The answer is an item stream.
    """

    __slots__ = (
        "_ended",
        "annotations_in",
        "annotations_out",
        "began_at",
        "bytes_in",
        "bytes_out",
        "calls",
        "correlation_id",
        "duration_s",
        "error",
        "kind",
        "known",
        "method",
        "object_id",
        "peer",
        "principal",
        "serializer",
        "service",
        "side",
        "streams",
    )

    def __init__(self, side: Side, flags: int = 0) -> None:
        self.side: Side = side
        self.kind: Kind = "batch" if flags & BATCH else "oneway" if flags & ONEWAY else "call"
        self.object_id = self.method = self.service = self.peer = self.serializer = ""
        self.known = False
        self.calls = 1
        self.principal: str | None = None
        self.correlation_id: bytes | None = None
        self.annotations_in: Mapping[str, bytes] = NO_ANNOTATIONS
        self.annotations_out: dict[str, bytes] = {}
        self.bytes_in = self.bytes_out = 0
        self.began_at = perf_counter()
        self.duration_s = 0.0
        self.error: BaseException | None = None
        self.streams = False
        self._ended: list[Ended] | None = None

    @property
    def outcome(self) -> str:
        """``ok``, ``stream``, or the name of the error's type."""
        if self.error is not None:
            return type(self.error).__name__
        return "stream" if self.streams else "ok"

    @property
    def is_running(self) -> bool:
        """Whether it has begun, and not ended."""
        return self._ended is not None

    def aims_at(self, object_id: str, method: str, args: Sequence[Any]) -> None:
        """Note what is called.

        Args:
            object_id: The object.
            method: The method, as it travels.
            args: The arguments, or the calls of a batch.
        """
        self.object_id = object_id
        self.method = method
        if self.kind == "batch":
            self.method = BATCH_METHOD
            self.calls = len(args) if isinstance(args, Sequence) else 1
        elif method in (GET_ATTRIBUTE, SET_ATTRIBUTE):
            self.kind = "attribute"
            self.method = args[0] if args and isinstance(args[0], str) else method
        elif object_id == DAEMON_ID and method == NEXT_ITEM:
            self.kind = "item"


class Observer(Protocol):
    """Is told what a daemon or a proxy does. Derive from it, and override what matters.

    Everything is called in the middle of the work, in any thread or on the event loop: it must be quick, and
    not wait. What it raises is logged and harms nothing.
    """

    def call_begins(self, call: ObservedCall) -> Ended | None:
        """A call begins; gives what is to be called when it has ended, in the same context.

        A context variable that is set here is seen by the method, and is to be reset by what is given.
        """
        return None

    def connection_made(self, side: Side, connection: Any) -> None:
        """There is a new connection: on the server a client has connected, on the client it was let in.

        Args:
            side: Which side this is.
            connection: Has ``peer``; on the server it is what ``current_call().connection`` gives.
        """
        return None

    def connection_lost(self, side: Side, connection: Any, *, accepted: bool) -> None:
        """A connection is gone.

        Args:
            side: Which side this is.
            connection: The same as before.
            accepted: Whether the handshake had succeeded.
        """
        return None

    def serves(self, daemon: Any) -> None:
        """This is given to a daemon, whose ``health()`` can be asked from now on. Do not keep it alive."""
        return None

    def codecs(self, side: Side, codecs: Codecs) -> Codecs:
        """What is to make and read messages: the codecs that were given, or what stands in for them."""
        return codecs


class Observers:
    """Several observers as one, whose failures do no harm.

    Args:
        observers: The observers.
    """

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)

    def __iter__(self) -> Any:
        return iter(self._observers)

    def begin(self, call: ObservedCall) -> None:
        """A call begins."""
        call._ended = ended = []
        for observer in self._observers:
            try:
                end = observer.call_begins(call)
            except Exception:
                _failed(observer)
            else:
                if end is not None:
                    ended.append(end)

    def end(self, call: ObservedCall) -> None:
        """A call is over; everything about it is known."""
        ended, call._ended = call._ended, None
        call.duration_s = perf_counter() - call.began_at
        for end in reversed(ended or ()):
            try:
                end()
            except Exception:
                _failed(end)

    def connection_made(self, side: Side, connection: Any) -> None:
        """There is a new connection."""
        for observer in self._observers:
            try:
                observer.connection_made(side, connection)
            except Exception:
                _failed(observer)

    def connection_lost(self, side: Side, connection: Any, *, accepted: bool) -> None:
        """A connection is gone."""
        for observer in self._observers:
            try:
                observer.connection_lost(side, connection, accepted=accepted)
            except Exception:
                _failed(observer)

    def serves(self, daemon: Any) -> None:
        """They are given to a daemon. What they raise is raised: nobody is served yet."""
        for observer in self._observers:
            observer.serves(daemon)

    def codecs(self, side: Side, codecs: Codecs) -> Codecs:
        """What is to make and read messages."""
        for observer in self._observers:
            codecs = observer.codecs(side, codecs)
        return codecs


def _failed(who: object) -> None:
    import logging

    logging.getLogger("pyro_core.observing").exception("observer %r failed", who)


def observers_of(wanted: Iterable[str | Observer]) -> Observers | None:
    """The observers that are meant; None if there are none.

    Args:
        wanted: Observers, and names of the plugin group ``pyro.observers``, each of which stands for
            something that gives an observer when it is called. What is there twice counts once.

    Raises:
        PluginError: If a name is unknown, or its plugin broken.
        TypeError: For what is no observer.
    """
    found: dict[int, Observer] = {}
    for each in wanted:
        observer = each
        if isinstance(observer, str):
            from pyro_core import plugins

            observer = plugins.observers().load(observer)()
        elif isinstance(observer, type) or not hasattr(observer, "call_begins"):
            raise TypeError(
                f"an observer is an object with the methods of pyro_core.observing.Observer, or the name of "
                f"one, got {observer!r:.120}"
            )
        assert not isinstance(observer, str)
        found[id(observer)] = observer
    return Observers([*found.values()]) if found else None


def message_bytes(version: int, payload: Any, annotations: Mapping[str, bytes]) -> int:
    """Size of a message with that payload and these annotations, in bytes."""
    size = CODECS[version].HEADER_SIZE + len(payload)
    if annotations:
        size += len(annotations) * _ANNOTATION_HEAD_BYTES[version] + sum(map(len, annotations.values()))
    return size


def size_of(message: Message) -> int:
    """Size of a message, in bytes."""
    return message_bytes(message.version, message.payload, message.annotations)
