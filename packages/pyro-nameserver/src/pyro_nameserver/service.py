"""A running name server: registry, storage, daemon, broadcast responder and auto-cleaner put together."""

import contextlib
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from pyro_core.errors import PyroError
from pyro_core.names import NAMESERVER_ID
from pyro_core.settings import NameServerSettings, ServerSettings
from pyro_core.uri import URI
from pyro_nameserver.admin import AdminServer
from pyro_nameserver.autoclean import AutoCleaner
from pyro_nameserver.broadcast import BroadcastResponder, reaches_others
from pyro_nameserver.changes import ChangeFeed
from pyro_nameserver.health import Health
from pyro_nameserver.leases import LeaseKeeper
from pyro_nameserver.nameserver_daemon import NameServerDaemon, access_for, warn_if_reachable
from pyro_nameserver.registry import Registry
from pyro_nameserver.storage.base import Storage
from pyro_nameserver.storage.spec import open_storage, without_password
from pyro_server.stop_signals import stopping

if TYPE_CHECKING:
    from pyro_nameserver.mdns import MdnsAnnouncement
    from pyro_server.transports.guests import Driver

_ANY_HOST: Final = "0.0.0.0"


class NameServer:
    """A name server and everything that belongs to it; use it as a context manager.

    It listens as soon as it is made, and answers from ``start`` or ``serve`` on. Where its daemon is of the
    server type ``multiplex``, another event loop can run it instead, with its broadcast responder: by hand
    (``sockets``, ``events``, ``patience_s``), or that of another daemon (``daemon.combine(nameserver)``).

    Args:
        settings: Where it listens, what it keeps the names in, and so on.
        server_settings: Everything else about its daemon; where it listens is taken from ``settings``.
        storage: An open storage to use instead of what ``settings`` say; closed with the name server.
        listening: Listening sockets to use instead of opening those that ``settings`` name.

    Attributes:
        settings: As given.
        storage: The names.
        admin: Answers probes; None if ``settings`` name no place for that.
        daemon: Serves the registry.
        registry: The remote object.
        uri: Its address, as published.
        broadcast: Answers discovery broadcasts; None if switched off, or of no use where it listens.

    Raises:
        SettingsError: If a setting makes no sense.
        NamingError: If the storage or the broadcast port cannot be used.
        CommunicationError: If it cannot listen where it should.
    """

    def __init__(
        self,
        settings: NameServerSettings,
        server_settings: ServerSettings | None = None,
        *,
        storage: Storage | None = None,
        listening: Sequence[socket.socket] = (),
    ) -> None:
        self.settings = settings
        with contextlib.ExitStack() as undo:
            self.storage = names = storage or open_storage(settings.storage)
            self._names_in = names.name if storage else without_password(settings.storage)
            daemon_settings = _daemon_settings(settings, server_settings)
            changes = ChangeFeed(names, may_wait=daemon_settings.servertype != "multiplex")
            undo.callback(changes.join)
            undo.enter_context(names)
            undo.callback(changes.stop)
            self._leases = LeaseKeeper(names)
            self._cleaner = _cleaner(settings, names)
            undo.callback(self._stop_cleaning)
            self.health = Health(names, changes)
            self.admin = (
                undo.enter_context(AdminServer(settings.admin, self.health.pages)) if settings.admin else None
            )
            self.access = access_for(settings, daemon_settings)
            self.daemon = undo.enter_context(
                NameServerDaemon(daemon_settings, self.access, self.health, listening)
            )
            registry = self.health.calls.counting(Registry) if settings.admin else Registry
            self.registry = registry(
                names, limits=self.daemon.settings.limits, changes=changes, access=self.access
            )
            self.uri: URI = self.daemon.register(self.registry, NAMESERVER_ID)
            self.registry.announce(self.uri)
            if not self.access.is_configured:
                warn_if_reachable(self.daemon.uri_for(NAMESERVER_ID, nat=False), daemon_settings)
            self.broadcast = _responder(settings, self.daemon.uri_for(NAMESERVER_ID, nat=False))
            if self.broadcast is not None:
                undo.enter_context(self.broadcast)
            self._mdns = _announcement(settings, self.uri)
            if self._mdns is not None:
                undo.enter_context(self._mdns)
            undo.enter_context(self._leases)
            self._driver: Driver | None = None
            self._started = False
            self._undo = undo.pop_all()

    def start(self) -> None:
        """Answer from now on, in threads of its own, until ``close``."""
        self._check_alone()
        self._start_helpers()
        self.daemon.start()

    def serve(self, running: Callable[[], bool] = lambda: True) -> None:
        """Answer in this thread until ``shutdown`` is called, or ``running()`` gives False."""
        self._check_alone()
        self._start_helpers()

        def going_on() -> bool:
            self.health.beat()  # from the loop itself, however busy its threads are
            return running()

        self.daemon.request_loop(going_on)

    @property
    def sockets(self) -> Sequence[Any]:
        """What another event loop watches for reading.

        Raises:
            PyroError: If the server type of its daemon has a loop of its own.
        """
        return [*self.daemon.sockets, *(self.broadcast.sockets if self.broadcast is not None else [])]

    @property
    def patience_s(self) -> float:
        """Seconds within which another event loop must call ``events``, even if nothing is ready."""
        return min(self.daemon.patience_s, self._leases.every_s)

    def events(self, ready: Sequence[Any]) -> None:
        """Handle those of ``sockets`` that have something to read; for another event loop.

        Ended leases are found here too. The first call starts what has a thread of its own: the auto-cleaner
        and the admin port, if there are such.

        Args:
            ready: Those sockets; an empty list where nobody watches them, and only the time has come.
        """
        self._start_threads()
        self._leases.look_if_due()
        if self.broadcast is not None:
            self.broadcast.handle()
        self.daemon.events(ready)

    def joined(self, driver: "Driver | None") -> None:
        """Called when the loop of a daemon begins to run it, or, without a daemon, ends to.

        Raises:
            PyroError: If something else runs it.
        """
        if driver is not None:
            self._check_alone()
        self.daemon.joined(driver)
        self._driver = driver

    def shutdown(self) -> None:
        """Make ``serve`` return soon. From any thread, and from signal handlers."""
        self.health.stopping = True
        self.daemon.shutdown()

    def clean_every(self, seconds: float) -> None:
        """Look for dead servers that often from now on; 0 for never.

        Raises:
            SettingsError: If that is too often.
        """
        cleaner = _cleaner(replace(self.settings, autoclean_s=seconds), self.storage)
        self._stop_cleaning()
        self._cleaner = cleaner
        if cleaner is not None and self._started:
            cleaner.start()

    def close(self) -> None:
        """Stop answering and let go of sockets and storage. May be called more than once."""
        if self._driver is not None:
            self._driver.separate(self)
        self._undo.close()

    def banner(self) -> str:
        """Lines that tell where it runs, the last one with its address."""
        if self.broadcast is None:
            broadcast = "Not answering broadcasts."
        else:
            host, port = self.broadcast.address
            broadcast = f"Answering broadcasts on UDP {host}:{port}."
        where = f"Name server on {self.uri.location}, names in {self._names_in}."
        probes = "" if self.admin is None else f"\nProbes and figures on {self.admin.url}."
        return f"{where}\n{broadcast}{probes}\nURI = {self.uri}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<NameServer at {self.uri.location}>"

    def _check_alone(self) -> None:
        if self._driver is not None:
            raise PyroError(f"{self!r} is served by the loop of {self._driver!r}; separate(...) it first")

    def _start_helpers(self) -> None:
        if self.broadcast is not None:
            self.broadcast.start()
        self._leases.start()
        self._start_threads()

    def _start_threads(self) -> None:
        if self._started:
            return
        self._started = True
        if self._mdns is not None:
            self._mdns.start()
        if self._cleaner is not None:
            self._cleaner.start()
        self.health.started()  # Before there is a page that tells so: the first probe finds it ready.
        if self.admin is not None:
            self.admin.start()

    def _stop_cleaning(self) -> None:
        if self._cleaner is not None:
            self._cleaner.close()


def start_ns(
    host: str | None = None,
    port: int | None = None,
    *,
    broadcast: bool | None = None,
    broadcast_host: str | None = None,
    broadcast_port: int | None = None,
    unixsocket: str | None = None,
    nathost: str | None = None,
    natport: int | None = None,
    storage: str | Storage | None = None,
    autoclean_s: float | None = None,
    settings: NameServerSettings | None = None,
    server_settings: ServerSettings | None = None,
    driven: bool = False,
) -> NameServer:
    """Start a name server in threads of this process.

    Example::

        with start_ns(port=0, storage="sqlite:names.db") as nameserver:
            print(nameserver.uri)

    What is not given comes from ``settings``; without those from the environment (``PYRO_NS_PORT`` ...).
    Options that are not explained here are those of ``pyro_core.settings.NameServerSettings``.

    Args:
        storage: ``memory``, ``sqlite:FILE``, a plugin's, or an open storage.
        settings: The rest.
        server_settings: Settings of its daemon, such as serializers and limits.
        driven: Start no threads, because another event loop is to run it; see ``NameServer``.

    Returns:
        The running name server; close it, or use it in a ``with`` statement.
    """
    given = {
        "host": host,
        "port": port,
        "broadcast": broadcast,
        "broadcast_host": broadcast_host,
        "broadcast_port": broadcast_port,
        "unixsocket": unixsocket,
        "nathost": nathost,
        "natport": natport,
        "autoclean_s": autoclean_s,
        "storage": storage if isinstance(storage, str) else None,
    }
    if driven:
        server_settings = replace(server_settings or ServerSettings.from_environ(), servertype="multiplex")
    nameserver = NameServer(
        with_changes(settings or NameServerSettings.from_environ(), given),
        server_settings,
        storage=storage if isinstance(storage, Storage) else None,
    )
    return nameserver if driven else _started(nameserver)


def start_ns_loop(
    settings: NameServerSettings | None = None,
    server_settings: ServerSettings | None = None,
    *,
    running: Callable[[], bool] = lambda: True,
    announce: Callable[[str], object] = print,
) -> None:
    """Run a name server in this thread, until SIGTERM, Ctrl-C, or ``running()`` gives False.

    Args:
        settings: Where it listens and so on; from the environment if not given.
        server_settings: Settings of its daemon.
        running: Asked every now and then whether to go on.
        announce: Called with the lines that tell where it runs, once clients can connect.
    """
    with (
        NameServer(settings or NameServerSettings.from_environ(), server_settings) as nameserver,
        stopping(nameserver.shutdown),
    ):
        announce(nameserver.banner())
        nameserver.serve(running)


def with_changes(settings: NameServerSettings, given: dict[str, Any]) -> NameServerSettings:
    """Settings with those values replaced that are not None."""
    return replace(settings, **{name: value for name, value in given.items() if value is not None})


def _daemon_settings(settings: NameServerSettings, server_settings: ServerSettings | None) -> ServerSettings:
    return replace(
        server_settings or ServerSettings.from_environ(),
        host=settings.host,
        port=settings.port,
        unixsocket=settings.unixsocket,
        nathost=settings.nathost,
        natport=settings.natport,
    )


def _started(nameserver: NameServer) -> NameServer:
    try:
        nameserver.start()
    except BaseException:
        nameserver.close()
        raise
    return nameserver


def _cleaner(settings: NameServerSettings, storage: Storage) -> AutoCleaner | None:
    return AutoCleaner(storage, period_s=settings.autoclean_s) if settings.autoclean_s else None


def _announcement(settings: NameServerSettings, uri: URI) -> "MdnsAnnouncement | None":
    if not settings.mdns or not reaches_others(uri):
        return None
    from pyro_nameserver.mdns import MdnsAnnouncement  # brings along zeroconf

    return MdnsAnnouncement(uri)


def _responder(settings: NameServerSettings, internal: URI) -> BroadcastResponder | None:
    if not settings.broadcast or settings.unixsocket:
        return None
    if settings.host in ("", _ANY_HOST):
        internal = URI.for_location(NAMESERVER_ID, host=_ANY_HOST, port=internal.port)
    if not reaches_others(internal):
        return None
    return BroadcastResponder(internal, host=settings.broadcast_host, port=settings.broadcast_port)
