"""The daemon: offers objects of this process to others."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from pyro_core import plugins
from pyro_core.calls import ObjectRef
from pyro_core.context import current_call, serving
from pyro_core.convert import ClassRules
from pyro_core.errors import PyroError
from pyro_core.identity import Authenticator, Authorizer
from pyro_core.names import DAEMON_ID
from pyro_core.settings import TLS, Listen, ServerSettings
from pyro_core.uri import URI
from pyro_server.admission import admission_for
from pyro_server.autoproxy import referrer, reviver
from pyro_server.connection import Connection
from pyro_server.daemon_object import DaemonObject
from pyro_server.driven import Driven
from pyro_server.health import Healthy
from pyro_server.hooks import Hooks
from pyro_server.host import DaemonHost, log
from pyro_server.listeners import Listeners, place_of
from pyro_server.objects import Registration
from pyro_server.published import Published
from pyro_server.publisher import Publisher
from pyro_server.reach import Reach
from pyro_server.reloading import Reloading

if TYPE_CHECKING:
    from pyro_core.observing import Observer

STOP_S = 5.0
"""How long ``close()`` waits for the loop that another thread runs."""


class Daemon(Hooks, Driven, Publisher, Reach, Healthy, Reloading):
    """Offers objects of this process to others, on one address or several.

    ::

        with Daemon() as daemon:
            uri = daemon.register(Thing())
            daemon.request_loop()

    Override ``validate_handshake``, ``client_disconnect``, ``annotations``, ``call_failed`` and
    ``housekeeping`` in a subclass to take part. Everything belongs to this one daemon; two daemons in a
    process share nothing.

    Args:
        settings: How it behaves; None reads the environment (``ServerSettings.from_environ()``).
        host: Host name or address to listen on.
        port: TCP port; 0 takes a free one.
        unixsocket: Path of a Unix socket to listen on instead.
        nathost: Host name to publish instead of its own.
        natport: Port to publish instead of its own.
        servertype: Name of the transport.
        serializers: Names of the accepted serializers.
        rules: Rules for sending and receiving classes; copied, go on with the attribute.
        connected_socket: Serve this connected socket only, without a handshake; it is used as it is.
        tls: How to encrypt connections.
        listen: Where to listen, in place of ``host``, ``port``, ``unixsocket``, ``nathost`` and ``natport``.
        authenticate: Find out who clients are, in this order, in place of what the settings say of tokens.
        authorize: Says what they may do; None if they may do everything.
        observers: Who is told what happens: ``pyro_core.observing.Observer`` objects, and names of plugins;
            None for those that the settings name.

    Attributes:
        settings: What is in force.
        rules: Rules for sending and receiving classes.

    Raises:
        ValueError: If addresses are given that do not go together.
        SettingsError: If TLS files cannot be used.
        PluginError: If a serializer, the transport or an observer cannot be loaded.
        CommunicationError: If the address cannot be had.
    """

    def __init__(
        self,
        settings: ServerSettings | None = None,
        *,
        host: str | None = None,
        port: int | None = None,
        unixsocket: str | None = None,
        nathost: str | None = None,
        natport: int | None = None,
        servertype: str | None = None,
        serializers: Iterable[str] | None = None,
        rules: ClassRules | None = None,
        connected_socket: Any = None,
        tls: TLS | None = None,
        listen: Sequence[Listen] = (),
        authenticate: Iterable[Authenticator] | None = None,
        authorize: Authorizer | None = None,
        observers: "Iterable[str | Observer] | None" = None,
    ) -> None:
        changes: dict[str, Any] = {
            "host": host,
            "port": port,
            "unixsocket": unixsocket,
            "nathost": nathost,
            "natport": natport,
            "servertype": "existing" if connected_socket is not None else servertype,
            "serializers": None if serializers is None else tuple(serializers),
            "tls": tls,
        }
        if listen and (connected_socket is not None or any((host, port, unixsocket, nathost, natport))):
            raise ValueError("listen=[...] says where to listen: give host, port and so on there")
        base = settings if settings is not None else ServerSettings.from_environ()
        self.settings = replace(base, **{name: value for name, value in changes.items() if value is not None})
        self.rules = rules.copy() if rules is not None else ClassRules()
        self._listeners = Listeners(self.settings)
        handshakes = connected_socket is None
        admission = admission_for(self.settings, authenticate, handshakes=handshakes)
        self._host = self._make_host(
            require_handshake=handshakes, admission=admission, authorizer=authorize, observers=observers
        )
        self._published = Published(self._host.objects, self._listeners)
        self.rules.reference_of = referrer(self._host.objects, self._published.ref_of)
        if self.rules.revive is None:
            self.rules.revive = reviver()
        self._host.objects.add(self._make_own_object(), DAEMON_ID)
        transport = plugins.transports().load(self.settings.servertype)
        if connected_socket is not None:
            sockets = self._listeners.adopt(connected_socket)
        else:
            sockets = self._listeners.open_all(listen or [place_of(self.settings)])
        self._addresses = self._listeners.addresses[0]
        try:
            self._transport: Any = transport(self._host, sockets)
        except BaseException:
            self._listeners.close(sockets)
            raise
        self._thread: threading.Thread | None = None
        self._closed = False
        self._warn_of_strangers()
        self._meet_observers()

    # ---- objects

    @property
    def objects(self) -> Mapping[str, Any]:
        """What is registered: object id -> object or class."""
        entries = list(self._host.objects.by_id.items())
        return {
            object_id: entry.target() if entry.mode == "weak" else entry.target
            for object_id, entry in entries
        }

    def register(
        self,
        obj_or_cls: Any,
        object_id: str | None = None,
        *,
        force: bool = False,
        weak: bool = False,
        session: bool = False,
        expose: Iterable[str] = (),
    ) -> URI:
        """Offer an object, or a class whose instances are made when they are needed.

        Args:
            obj_or_cls: The object or class. Its exposed members are looked up now.
            object_id: Its id; None makes one up.
            force: Replace what has that id, or the id that the object has.
            weak: Do not keep the object alive.
            session: Unregister it when the client goes whose call is being served.
            expose: Names of methods and properties to expose beside the decorated ones.

        Returns:
            Its address.

        Raises:
            DaemonError: If the id is taken or reserved, or the object is registered already.
            PyroError: If it is to be registered for a session, and no call is being served.
        """
        owner: Connection | None = current_call().connection if session else None
        entry = self._host.objects.add(obj_or_cls, object_id, force=force, weak=weak, expose=expose)
        if not entry.members.metadata:
            log.warning(
                "%s exposes nothing: clients cannot use it. Put @expose on its class or methods, "
                "or name them with register(..., expose=[...])",
                entry.members.cls.__qualname__,
            )
        if owner is not None:
            try:
                owner.track_resource(Registration(self._host.objects, entry))
            except PyroError:
                self._host.objects.remove(entry.object_id)
                raise
        return self._addresses.uri(entry.object_id)

    def unregister(self, obj_or_id: Any) -> None:
        """Offer an object no longer, and take out the names it was published by. An unknown id is no error.

        Raises:
            ValueError: For None.
            DaemonError: If the object is not registered, or is the daemon's own.
        """
        self._withdraw_object(self._host.objects.remove(obj_or_id))

    def uri_for(self, obj_or_id: Any, *, nat: bool = True) -> URI:
        """Address of a registered object, or of an id, registered or not.

        Args:
            obj_or_id: The object, class or id.
            nat: Give the published address if there is one, rather than the daemon's own.

        Raises:
            DaemonError: If the object is not registered.
        """
        return self._published.uri(obj_or_id, nat=nat)

    def uris_for(self, obj_or_id: Any, *, nat: bool = True) -> Sequence[URI]:
        """Addresses of a registered object, or of an id, one for each place where the daemon listens.

        Args:
            obj_or_id: The object, class or id.
            nat: Give the published addresses where there are any, rather than the daemon's own.

        Raises:
            DaemonError: If the object is not registered.
        """
        return self._published.uris(obj_or_id, nat=nat)

    def ref_for(self, obj_or_id: Any, *, nat: bool = True) -> ObjectRef:
        """Reference to a registered object, with its members: what a client can make a proxy of.

        Raises:
            DaemonError: If it is not registered.
        """
        return self._published.ref(obj_or_id, nat=nat)

    def forget_members(self, obj_or_cls: Any) -> None:
        """Look again at what a class exposes, after it was changed."""
        self._host.objects.forget_members(obj_or_cls)

    # ---- listening

    def listen(
        self,
        host: str = "localhost",
        port: int = 0,
        *,
        unixsocket: str | None = None,
        nathost: str | None = None,
        natport: int = 0,
        tls: TLS | Literal[False] | None = None,
    ) -> str:
        """Listen in one more place, before serving.

        Args:
            host: Host name or address; empty for all interfaces.
            port: TCP port; 0 takes a free one.
            unixsocket: Path of a Unix socket to listen on instead; ``@name`` for an abstract one.
            nathost: Host name to publish for this place.
            natport: Port to publish for this place.
            tls: How to encrypt connections here; None for the daemon's way, False for plain ones.

        Returns:
            The place, as it is written in addresses.

        Raises:
            CommunicationError: If the address cannot be had.
            SettingsError: If TLS files cannot be used.
            PyroError: If the daemon serves already, or its server type cannot do that.
        """
        self._check_open()
        place = Listen(host=host, port=port, unixsocket=unixsocket, nathost=nathost, natport=natport, tls=tls)
        listeners = self._listeners.open(place)
        try:
            for listener in listeners:
                self._transport.add_listener(listener)
        except BaseException:
            self._listeners.give_up(listeners)
            raise
        self._warn_of_strangers()
        return self._listeners.addresses[-1].location()

    # ---- serving

    @property
    def location(self) -> str:
        """Where it listens, as it is written in addresses."""
        return self._addresses.location()

    @property
    def nat_location(self) -> str | None:
        """Where it is published to be, if that is somewhere else."""
        return self._addresses.location(nat=True) if self._addresses.has_nat else None

    def request_loop(self, running: Callable[[], bool] = lambda: True) -> None:
        """Serve until ``shutdown()``, Ctrl-C or SIGTERM, or until ``running()`` gives False.

        Args:
            running: Asked every now and then.

        Raises:
            PyroError: If the daemon is closed, or serves already in a thread of its own.
        """
        self._check_open()
        if self._thread is not None and self._thread is not threading.current_thread():
            raise PyroError("this daemon serves already, in the thread that start() made")
        self._check_alone()
        with self._obeying_signals():
            self._transport.serve(running)

    def start(self) -> Self:
        """Serve in a background thread; ``close()`` ends it.

        Raises:
            PyroError: If the daemon is closed, or its server type serves in the main thread only.
        """
        self._check_open()
        self._check_alone()
        self._transport.check_background()
        if self._thread is None:
            thread = threading.Thread(
                target=self.request_loop, name=f"pyro-daemon {self._addresses.location()}", daemon=True
            )
            self._thread = thread
            thread.start()
        return self

    def _stop_politely(self) -> None:
        """What a signal asks for: new clients are not to find this daemon while it finishes its calls."""
        self._withdraw_all()
        self.shutdown()

    def shutdown(self) -> None:
        """Make ``request_loop`` return soon. From any thread, and from methods."""
        self._transport.shutdown()

    def close(self) -> None:
        """Stop serving and let go of everything. A call that runs gets a moment to finish."""
        if self._closed:
            return
        self._closed = True
        self._stop_publishing()
        self._part()
        self._transport.shutdown()
        thread = self._thread
        call = serving()
        if call is not None and call.daemon is self:
            pass  # the loop waits for this call to end, and closes everything then
        elif thread is not None and thread is not threading.current_thread():
            thread.join(self.settings.timeouts.drain_s + STOP_S)
        self._listeners.remove_socket_files()
        self._transport.close()
        self._host.close()

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def describe(self) -> str:
        """A line about the daemon, for its ``info()``."""
        nat = self.nat_location or "(none)"
        return (
            f"{DAEMON_ID} bound on {self.location}, NAT {nat}, "
            f"{len(self._host.objects)} objects registered. Servertype: {self.settings.servertype}"
        )

    def __repr__(self) -> str:
        return f"<Daemon at {self._addresses.location()}; {len(self._host.objects)} objects>"

    # ---- inside

    def _make_host(self, **more: Any) -> DaemonHost:
        """What the connections share."""
        return DaemonHost(
            self,
            self.settings,
            self.rules,
            annotate=None if type(self).annotations is Hooks.annotations else self.annotations,
            listeners=self._listeners,
            **more,
        )

    def _make_own_object(self) -> Any:
        """What clients can ask the daemon itself."""
        return DaemonObject(self._host)

    def _check_open(self) -> None:
        if self._closed:
            raise PyroError("this daemon is closed; make a new one")
