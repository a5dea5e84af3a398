"""The daemon of Pyro4."""

import copyreg
import threading
from collections.abc import Callable, Mapping
from typing import Any, Self
from weakref import WeakKeyDictionary, WeakSet

from Pyro4.configuration import config
from Pyro4.errors import DaemonError, PyroError, SerializeError
from Pyro4.facade import registered
from Pyro4.facade.calling import proxy_for
from Pyro4.facade.daemon_object import DaemonObject
from Pyro4.facade.failures import classic_errors, hangs_up
from Pyro4.facade.gone import GoneSocket, remote_address
from Pyro4.facade.keys import as_key, codecs_for
from Pyro4.facade.proxy import Proxy
from Pyro4.facade.rules import classic_rules
from Pyro4.facade.serializers import wire_class
from Pyro4.facade.settings import live_settings, server_settings
from Pyro4.facade.tracebacks import for_callers
from Pyro4.facade.uri import URI
from Pyro4.socketserver import face_of
from Pyro4.socketutil import SocketConnection, family_str
from pyro_core.context import serving
from pyro_core.names import DAEMON_ID
from pyro_core.uri import MAX_PORT, UNIX_PREFIX
from pyro_server import daemon as native
from pyro_server.addresses import UNBOUND
from pyro_server.host import DaemonHost

SHUTDOWN_S = 5.0
"""How long ``shutdown`` waits for the loop."""
_daemons: "WeakSet[Daemon]" = WeakSet()


class Daemon(native.Daemon):
    """Offers objects of this process to others.

    Args:
        host: Host name or address to listen on; None for ``config.HOST``.
        port: TCP port; 0 takes a free one.
        unixsocket: Path of a Unix socket to listen on instead.
        nathost: Host name to publish; None for ``config.NATHOST``.
        natport: Port to publish; None for ``config.NATPORT``.
        interface: Class of the object that answers for the daemon itself.
        connected_socket: Serve this connected socket only.

    Raises:
        ValueError: If addresses are given that do not go together.
        PyroError: If there is no such server type.
    """

    __module__ = "Pyro4.core"
    transportServer: Any = None

    def __init__(
        self,
        host: str | None = None,
        port: int = 0,
        unixsocket: str | None = None,
        nathost: str | None = None,
        natport: int | None = None,
        interface: Any = DaemonObject,
        connected_socket: Any = None,
    ) -> None:
        nathost = config.NATHOST if nathost is None else nathost
        natport = (config.NATPORT or None) if natport is None else natport
        if natport is not None and not nathost:
            raise ValueError("cannot provide natport without nathost")
        if unixsocket and nathost:
            raise ValueError("cannot use nathost together with unixsocket")
        self._interface = interface
        self._odd_nat = f"{nathost}:{natport}" if natport is not None and natport > MAX_PORT else None
        self._key: bytes | None = None
        self._addresses_of: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self._loop_ended = threading.Event()
        self._loop_ended.set()
        self._loop_thread: threading.Thread | None = None
        self._close_after = False
        rules = classic_rules()
        rules.revive = proxy_for
        settings = server_settings(host)
        for name in settings.serializers:
            if wire_class(name) is None:
                raise SerializeError(f"serializer '{name}' is unknown or not available")
        with classic_errors():
            super().__init__(
                settings,
                host=host,
                port=port,
                unixsocket=unixsocket,
                nathost=nathost,
                natport=natport if self._odd_nat is None else None,
                rules=rules,
                connected_socket=connected_socket,
            )
        self.rules.reference_of = registered.reference_of
        self._host.oneways_beside = config.ONEWAY_THREADED
        self.transportServer = face_of(self)
        _daemons.add(self)

    def _make_host(self, **more: Any) -> DaemonHost:
        objects = registered.ClassicObjects()
        host = super()._make_host(objects=objects, load_serializer=wire_class, **more)
        host.trace = for_callers
        host.codecs = codecs_for(None)
        host.hangs_up = hangs_up
        return host

    def _make_own_object(self) -> Any:
        return self._interface(self)

    # ---- objects

    @property
    def objectsById(self) -> Mapping[str, Any]:
        """What is registered: object id -> object or class."""
        return self.objects

    def register(self, obj_or_class: Any, objectId: str | None = None, force: bool = False) -> URI:  # type: ignore[override]
        """Offer an object, or a class whose instances are made when they are needed.

        Args:
            obj_or_class: The object or class.
            objectId: Its id; None makes one up.
            force: Also if it has an id, or the id is taken.

        Raises:
            TypeError: If the id is not text.
            DaemonError: If the object has an id, or the id is taken.
        """
        if objectId is not None and not isinstance(objectId, str):
            raise TypeError("objectId must be a string or None")
        if not force:
            registered.check_unmarked(obj_or_class)
            if objectId is not None and objectId in self._host.objects.by_id:
                raise DaemonError("an object or class is already registered with that id")
        registered.mark(obj_or_class, "", None)
        with classic_errors():
            entry = self._host.objects.add(obj_or_class, objectId or None, force=True)
        registered.mark(obj_or_class, entry.object_id, self)
        return self.uriFor(entry.object_id)

    def unregister(self, objectOrId: Any) -> None:
        """Offer an object no longer.

        Raises:
            ValueError: For None.
            DaemonError: If the object is not registered.
        """
        if objectOrId is None:
            raise ValueError("object or objectid argument expected")
        if isinstance(objectOrId, str):
            if objectOrId != DAEMON_ID:
                self._host.objects.remove(objectOrId)
            return
        if not getattr(objectOrId, "_pyroId", None):
            raise DaemonError("object isn't registered")
        if objectOrId._pyroId == DAEMON_ID:
            return
        self._host.objects.remove(objectOrId._pyroId)
        registered.unmark(objectOrId)

    def uriFor(self, objectOrId: Any, nat: bool = True) -> URI:
        """Address of a registered object, or of any id."""
        if not isinstance(objectOrId, str):
            objectOrId = getattr(objectOrId, "_pyroId", None)
            if not objectOrId or objectOrId not in self._host.objects.by_id:
                raise DaemonError("object isn't registered in this daemon")
        with classic_errors():
            return URI(self.uri_for(objectOrId, nat=nat))

    def proxyFor(self, objectOrId: Any, nat: bool = True) -> Proxy:
        """A proxy of a registered object, which knows its members."""
        uri = self.uriFor(objectOrId, nat)
        with classic_errors():
            known = self._host.dispatcher.entry(str(uri.object)).members.metadata
        proxy = Proxy(uri)
        proxy._pyroGetMetadata(known_metadata=known.to_wire())
        return proxy

    def resetMetadataCache(self, objectOrId: Any, nat: bool = True) -> None:
        """Look again at what an object exposes, after its class was changed."""
        uri = self.uriFor(objectOrId, nat)
        with classic_errors():
            self.forget_members(self._host.dispatcher.entry(str(uri.object)).members.cls)

    @property
    def _pyroHmacKey(self) -> bytes | None:
        """The key that clients must share; None for none. Holds for connections to come."""
        return self._key

    @_pyroHmacKey.setter
    def _pyroHmacKey(self, key: bytes | str | None) -> None:
        self._key = as_key(key)
        self._host.codecs = codecs_for(self._key)
        self.rules.reference_of = registered.reference_for(self._key)

    # ---- serving

    @property
    def locationStr(self) -> str:
        """Where it listens, as it is written in addresses."""
        location = self.location
        return f"{UNIX_PREFIX}{location}" if location == UNBOUND else location

    @property
    def natLocationStr(self) -> str | None:
        """Where it is published to be, if that is somewhere else."""
        return self._odd_nat or self.nat_location

    @property
    def sock(self) -> Any:
        """The socket that it listens on."""
        return self.transportServer.sock

    @property
    def sockets(self) -> list[Any]:
        """Sockets for another event loop to watch."""
        found: list[Any] = self.transportServer.sockets
        return found

    @property
    def selector(self) -> Any:
        """What watches its sockets.

        Raises:
            TypeError: If the server type has none.
        """
        if not hasattr(self._transport, "combine"):
            raise TypeError("this server type has no selector")
        return self.transportServer.selector

    def requestLoop(self, loopCondition: Callable[[], Any] = lambda: True) -> None:
        """Serve until the condition is false, or ``shutdown``, or Ctrl-C."""
        self._loop_ended.clear()
        self._loop_thread = threading.current_thread()
        try:
            self._warn_of_strangers()
            with classic_errors():
                self.request_loop(lambda: bool(loopCondition()))
        except KeyboardInterrupt:
            pass
        finally:
            self._loop_thread = None
            self._loop_ended.set()
            if self._close_after:
                self.close()

    def events(self, ready: Any) -> None:
        """Handle those of ``sockets`` that have something to read; for another event loop."""
        if hasattr(self._transport, "combine"):
            super().events(ready)
        else:
            self.start()  # a server with threads looks after its connections by itself

    def combine(self, daemon: Any) -> None:
        """Serve another daemon, name server daemon or broadcast responder in this one's loop.

        Raises:
            TypeError: If the server type cannot do that.
        """
        if not hasattr(self._transport, "combine"):
            raise TypeError("only daemons of the server type 'multiplex' can be combined")
        with classic_errors():
            super().combine(daemon)

    def shutdown(self) -> None:
        """Stop serving and close. From any thread, and from methods."""
        self._close_after = True
        super().shutdown()
        call = serving()
        if threading.current_thread() is self._loop_thread or (call is not None and call.daemon is self):
            return  # the loop is to end first, and closes then
        self._loop_ended.wait(SHUTDOWN_S)
        self.close()

    def close(self) -> None:
        """Stop serving and let go of everything; it cannot be used again."""
        super().close()
        self.transportServer = None

    def __enter__(self) -> Self:
        if self.transportServer is None:
            raise PyroError("cannot reuse this object")
        return self

    def __repr__(self) -> str:
        kind = type(self)
        name = f"{kind.__module__}.{kind.__qualname__} at 0x{id(self):x}"
        if not self.__dict__:
            return f"<{name}; unusable>"
        family = family_str(self.sock) if self.transportServer is not None else "closed"
        return f"<{name}; {self.locationStr} - {family}; {len(self._host.objects)} objects>"

    def __getstate__(self) -> Any:
        return ()

    def __setstate__(self, state: Any) -> None:
        if state:
            raise ValueError("a daemon that was copied has no state")

    def __getstate_for_dict__(self) -> Any:
        return self.__getstate__()

    def __setstate_from_dict__(self, state: Any) -> None:
        self.__setstate__(state)

    def __reduce__(self) -> Any:
        return copyreg.__newobj__, (type(self),), self.__getstate__()  # type: ignore[attr-defined]

    # ---- hooks

    def validateHandshake(self, conn: Any, data: Any) -> Any:
        """Override to decide whether to let a client in; raise to turn it away."""
        return "hello"

    def clientDisconnect(self, conn: Any) -> None:
        """Override to hear of clients that are gone."""

    def validate_handshake(self, connection: Any, data: Any) -> Any:
        self._addresses_of[connection] = remote_address(connection.socket)
        return self.validateHandshake(SocketConnection.view(connection), data)

    def client_disconnect(self, connection: Any) -> Any:
        gone = SocketConnection.view(connection)
        gone.sock = GoneSocket(self._addresses_of.pop(connection, None))
        return self.clientDisconnect(gone)

    def _asks_who_calls(self) -> bool:
        return self._key is not None or type(self).validateHandshake is not Daemon.validateHandshake

    def _warn_of_strangers(self) -> None:
        if self._loop_thread is not None:  # not before: the key comes later
            super()._warn_of_strangers()

    def refresh(self, *, exposure: bool = False) -> None:
        """Notice that what is configured has changed.

        Args:
            exposure: Look again at what is exposed, too.
        """
        self._host.apply(live_settings(self.settings))
        self._host.oneways_beside = config.ONEWAY_THREADED
        self._host.codecs = codecs_for(self._key)
        if exposure and isinstance(self._host.objects, registered.ClassicObjects):
            self._host.objects.refresh()

    @staticmethod
    def serveSimple(
        objects: Mapping[Any, str | None],
        host: str | None = None,
        port: int = 0,
        daemon: "Daemon | None" = None,
        ns: bool = True,
        verbose: bool = True,
    ) -> None:
        """Serve objects until interrupted.

        Args:
            objects: Object or class -> name for it, or None.
            host: Host to listen on.
            port: Port to listen on.
            daemon: Serve them here, instead of in a new daemon.
            ns: Register them in the name server, too.
            verbose: Print what is served.
        """
        from Pyro4.facade.serving import serve_simple

        serve_simple(objects, host, port, daemon, ns=ns, verbose=verbose)


def _setting_changed(name: str) -> None:
    """Tell all daemons of a setting that was changed and holds for them at once."""
    for daemon in list(_daemons):
        daemon.refresh(exposure=name == "REQUIRE_EXPOSE")


config.watch(_setting_changed)
