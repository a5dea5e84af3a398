"""What the connections of one daemon share, and what its transport asks of it."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from pyro_core.context import CallContext
from pyro_core.convert import ClassRules
from pyro_core.features import DUPLEX, SUPPORTED
from pyro_core.net.coroutines import CoroutineRunner, LoopRunner
from pyro_core.settings import ServerSettings
from pyro_core.wire.codec import CODECS
from pyro_core.wire.message import ONEWAY, Message
from pyro_server.accepted import AcceptedSerializers
from pyro_server.admission import Admission
from pyro_server.answer_memory import AnswerMemory
from pyro_server.background import BackgroundLoop
from pyro_server.connection import Connection
from pyro_server.crowd import Crowd
from pyro_server.dispatch import Dispatcher
from pyro_server.engine import ServerEngine
from pyro_server.failures import Trace, traceback_lines
from pyro_server.listeners import Listeners
from pyro_server.objects import ObjectTable
from pyro_server.plain_calls import PlainCalls, plain_calls
from pyro_server.rated import rated
from pyro_server.streams import StreamTable

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from ssl import SSLContext

    from pyro_core.identity import Authorizer
    from pyro_core.observing import Observer, Observers
    from pyro_core.wire.codec import Codecs
    from pyro_server.daemon import Daemon
    from pyro_server.plain_calls import Shared

log = logging.getLogger("pyro_server.host")


class DaemonHost:
    """Implements ``pyro_core.transport.Host``.

    Args:
        daemon: The daemon, for its hooks.
        settings: Its settings.
        rules: Its rules for classes.
        annotate: Gives annotations for every reply; None if there are none.
        require_handshake: False for a socket that the program connected itself.
        listeners: Know where TLS is to be spoken; None for nowhere.
        objects: Where objects will be registered; None makes a table.
        load_serializer: Gives the class of a serializer by its name; None asks the registry of plugins.
        admission: Finds out who clients are; None if nobody asks them.
        authorizer: Says what they may do; None if they may do everything.
        observers: Are told what happens; None for those that the settings name.

    Attributes:
        daemon: As given.
        settings: As given.
        admission: As given.
        objects: What is registered.
        gate: Held for a moment when a connection passes from its handshake to its calls.
        streams: The open item streams.
        crowd: How many connections there are, of whom.
        memory: Answers to calls that may be repeated.
        accepted: The accepted serializers.
        dispatcher: Calls the objects.
        features: Extras that connections may agree on.
        features_without_wire: Those of them that work where the engine cannot reach its connection.
        annotate: As given.
        oneways_beside: Whether calls that nobody waits for run beside those that come after them. Those of
            the multiplexed server do not, so that its objects are never called by two threads at once.
        trace: Gives the lines of an exception's traceback, as callers see them.
        hangs_up: Whether an error of a call, or of a batch, ends the connection without an answer; gets the
            request and the error.
        codecs: Protocol versions that clients may speak; holds for new connections.
        observers: The same as one; None for nobody.
        coroutines: Runs ``async def`` methods for servers that have no event loop of their own.
    """

    def __init__(
        self,
        daemon: "Daemon",
        settings: ServerSettings,
        rules: ClassRules,
        *,
        annotate: Callable[[], Mapping[str, bytes]] | None = None,
        require_handshake: bool = True,
        listeners: Listeners | None = None,
        objects: ObjectTable | None = None,
        load_serializer: Callable[[str], Any] | None = None,
        admission: Admission | None = None,
        authorizer: "Authorizer | None" = None,
        observers: "Iterable[str | Observer] | None" = None,
    ) -> None:
        self.daemon = daemon
        self.settings = settings
        self.annotate = annotate
        self.trace: Trace = self._trace
        self.hangs_up: Callable[[Message, BaseException], bool] = lambda request, error: False
        self.codecs: Codecs = CODECS
        self.objects = ObjectTable() if objects is None else objects
        self.accepted = AcceptedSerializers(settings.serializers, rules, load_serializer)
        self.features = SUPPORTED | self.accepted.offers
        self.features_without_wire = self.features - DUPLEX
        self.gate = threading.Lock()
        self._plain_calls: dict[object, type[PlainCalls]] = {}
        self.admission = admission
        self.dispatcher = _dispatcher(self.objects, settings.limits.max_batch_calls, authorizer)
        self.observers: Observers | None = None
        self._make_engine: Callable[..., ServerEngine] = ServerEngine
        wanted = settings.observers if observers is None else observers
        if wanted:
            self._tell(wanted)
        if settings.limits.max_calls_per_s:
            self._make_engine = rated(self._make_engine, settings.limits.max_calls_per_s)
        self.streams = StreamTable(
            max_streams=settings.limits.max_streams,
            max_per_connection=settings.limits.max_streams_per_connection,
            lifetime_s=settings.stream_lifetime_s,
            linger_s=settings.stream_linger_s,
        )
        self.crowd = Crowd(settings.limits)
        self.memory = AnswerMemory(settings.limits, settings.timeouts)
        self.coroutines: CoroutineRunner = BackgroundLoop()
        self.draining = False
        self._began_at = monotonic()
        self.oneways_beside = settings.servertype != "multiplex"
        self._require_handshake = require_handshake
        self._listeners = Listeners(settings) if listeners is None else listeners

    def plain_calls(self, shared: "Shared", max_calls: int) -> type[PlainCalls]:
        """What runs the plain calls of all connections for which these are the same; see ``plain_calls``."""
        key = (shared, max_calls)
        found = self._plain_calls.get(key)
        if found is None:
            found = self._plain_calls[key] = plain_calls(self, *key)
        return found

    def wrap(self, sock: Any, listener: Any) -> Any:
        """What to use instead of an accepted socket: one that speaks TLS, if that is wanted there."""
        return self._listeners.wrap(sock, listener)

    def tls_context(self, listener: Any) -> "SSLContext | None":
        """How to speak TLS on what a listener accepts now; None for plain connections."""
        return self._listeners.context_for(listener)

    def connection_made(self, peer: str, sock: Any) -> ServerEngine:
        """A client connected."""
        self._listeners.check_is_asked()
        connection = Connection(peer, sock, self.settings.limits.max_tracked)
        if self._require_handshake:
            self.crowd.arrived(connection)
        return self._make_engine(self, connection, require_handshake=self._require_handshake)

    @property
    def uptime_s(self) -> float:
        """Seconds since it was made."""
        return monotonic() - self._began_at

    def _tell(self, whom: "Iterable[str | Observer]") -> None:
        """Have all connections, and their calls, told."""
        from pyro_core.observing import observers_of
        from pyro_server.observed import ObservedDispatcher, ObservedEngine

        observers = self.observers = observers_of(whom)
        if observers is None:
            return
        dispatcher: Any = ObservedDispatcher(self.dispatcher, self.objects, observers)
        self.dispatcher = dispatcher
        self._make_engine = partial(ObservedEngine, observers=observers)
        self.codecs = observers.codecs("server", self.codecs)

    def connection_lost(self, connection: Connection, *, was_accepted: bool) -> None:
        """A client is gone.

        Args:
            connection: Its connection.
            was_accepted: Whether its handshake had been accepted.
        """
        self.crowd.left(connection)
        if was_accepted:
            try:
                self.settled(self.daemon.client_disconnect(connection))
            except Exception:
                log.exception("client_disconnect() failed for %r", connection)
        self.streams.disconnected(connection)
        connection.release()

    def apply(self, settings: ServerSettings) -> None:
        """Take over settings that may change while the daemon serves.

        Those are the ones of streams and tracebacks, and, for connections to come, compression and limits.
        """
        self.settings = settings
        self.streams.lifetime_s = settings.stream_lifetime_s
        self.streams.linger_s = settings.stream_linger_s

    def _trace(self, error: BaseException) -> list[str]:
        settings = self.settings
        return traceback_lines(
            error, detailed=settings.detailed_traceback, modules=settings.traceback_modules
        )

    def drain(self) -> None:
        """Answer further calls with an error that says that this daemon stops."""
        self.draining = True

    def give_up(self) -> None:
        """End item streams that still run. Not on the event loop of the transport."""
        self.streams.clear()

    def housekeeping(self) -> None:
        """Do what is to be done every few seconds."""
        self.streams.expire()
        self.memory.expire()
        try:
            self.daemon.reload_if_asked()
            self.settled(self.daemon.housekeeping())
        except Exception:
            log.exception("housekeeping() failed")

    def forked(self) -> Callable[[], None]:
        """This is a child process now: it publishes no names, and has an event loop of its own if need be."""
        self.coroutines = BackgroundLoop()
        self.daemon.forked()
        return self.close

    def call_failed(self, call: CallContext, error: BaseException, *, unanswered: bool = False) -> None:
        """A call raised, or is refused: tell the daemon's hook."""
        if self.observers is not None:
            from pyro_server.observed import note_failure

            note_failure(self.observers, call, error)
        entry = self.objects.by_id.get(call.object_id)
        method = entry.members.methods.get(call.method) if entry is not None else None
        unseen = unanswered or bool(call.flags & ONEWAY) or (method is not None and method.callback)
        try:
            self.daemon.call_failed(call, error, unseen=unseen)
        except Exception:
            log.exception("call_failed() failed")

    def settled(self, result: Any) -> Any:
        """What a hook gave, awaited if it was ``async def``. In threads that may wait."""
        return self.coroutines.run(result, None) if hasattr(type(result), "__await__") else result

    def use_loop(self, loop: "AbstractEventLoop") -> None:
        """Run ``async def`` methods on the event loop of the transport."""
        self.coroutines = LoopRunner(loop)

    def describe(self) -> str:
        """A line about the daemon."""
        return self.daemon.describe()

    def close(self) -> None:
        """End what would outlive the connections."""
        self.streams.clear()
        self.coroutines.close()


def _dispatcher(objects: ObjectTable, max_batch_calls: int, authorizer: "Authorizer | None") -> Dispatcher:
    if authorizer is None:
        return Dispatcher(objects, max_batch_calls=max_batch_calls)
    from pyro_server.guarded_dispatch import GuardedDispatcher

    return GuardedDispatcher(objects, max_batch_calls=max_batch_calls, authorizer=authorizer)
