"""Runs a name server as a service: signals, reloading, and a service manager that wants to know."""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import fields
from types import TracebackType
from typing import Any, Final, Self

from pyro_core.errors import PyroError
from pyro_nameserver import log_lines
from pyro_nameserver.configuration import Configuration
from pyro_nameserver.nameserver_daemon import access_for
from pyro_nameserver.service import NameServer
from pyro_nameserver.service_manager import ServiceManager
from pyro_server.stop_signals import hanging_up, stopping

_ROLES: Final = ("read", "register", "admin")
RELOADABLE: Final = frozenset(
    {
        *("autoclean_s", "log_format", "log_level"),
        *(f"{role}_{what}" for role in _ROLES for what in ("tokens", "identities")),
    }
)
"""Settings of the name server that SIGHUP brings into force. So it does certificates and keys."""
_SIGNS_IN_TIME: Final = 3
"""Signs of life within the time that the service manager allows for one."""
_RELOAD: Final = "reload"
_STOP: Final = "stop"
_END: Final = "end"

_log = logging.getLogger("pyro_nameserver.supervisor")


class Supervisor:
    """Looks after a running name server in a thread, inside a ``with`` statement.

    Args:
        nameserver: The name server.
        configuration: What it was started with.
        load: Gives what is configured now.
        manager: Is told what happens.
    """

    def __init__(
        self,
        nameserver: NameServer,
        configuration: Configuration,
        load: Callable[[], Configuration],
        manager: ServiceManager,
    ) -> None:
        self._nameserver = nameserver
        self._configuration = configuration
        self._load = load
        self._manager = manager
        # This kind may be put into by a signal handler, whatever it interrupts.
        self._orders: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="pyro-ns-supervisor", daemon=True)

    def stop(self) -> None:
        """Have the name server finish what runs, and stop. For signal handlers too."""
        self._nameserver.shutdown()
        self._orders.put(_STOP)

    def reload(self) -> None:
        """Have the configuration read again. For signal handlers too."""
        self._orders.put(_RELOAD)

    def reload_now(self) -> None:
        """Read the configuration and certificates again; what cannot be used changes nothing."""
        before = self._configuration
        try:
            now = self._load()
            access_for(now.nameserver, now.server)
            self._nameserver.clean_every(now.nameserver.autoclean_s)
            self._nameserver.daemon.reload_tls()
        except PyroError as problem:
            _log.error("not reloaded, everything stays as it was: %s", problem)
            return
        log_lines.set_up(now.nameserver)
        self._nameserver.access.apply(now.nameserver)
        self._configuration = now
        waiting = sorted(_changed(before.nameserver, now.nameserver) - RELOADABLE)
        waiting += [f"server.{name}" for name in sorted(_changed(before.server, now.server))]
        if waiting:
            _log.warning("reloaded; these changes need a restart: %s", ", ".join(waiting))
        else:
            _log.info("reloaded")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._orders.put(_END)
        self._thread.join()

    def _run(self) -> None:
        watchdog_s = self._manager.watchdog_s
        every_s = None if watchdog_s is None else watchdog_s / _SIGNS_IN_TIME
        while True:
            try:
                order = self._orders.get(timeout=every_s)
            except queue.Empty:
                order = ""
            if order == _END:
                return
            if order == _RELOAD:
                self._manager.notify_reloading()
                self.reload_now()
                self._manager.notify("READY=1")
            elif order == _STOP:
                _log.info("stopping: calls that run may finish; a second signal ends everything at once")
                self._manager.notify("STOPPING=1", "STATUS=finishing the calls that run")
            if watchdog_s is not None:
                self._show_life()

    def _show_life(self) -> None:
        problem = self._nameserver.health.why_not_alive()
        if problem:
            _log.critical("%s; leaving it to the service manager to restart this process", problem)
        else:
            self._manager.notify("WATCHDOG=1")


def run(
    load: Callable[[], Configuration],
    *,
    manager: ServiceManager | None = None,
    announce: Callable[[str], object] = print,
) -> None:
    """Run a name server in this thread, until SIGTERM or Ctrl-C; SIGHUP reloads.

    Args:
        load: Gives the configuration; called again to reload it.
        manager: The service manager; None for the one that the environment tells of.
        announce: Called with lines that tell where it runs, once clients can connect. JSON logs tell it
            themselves.

    Raises:
        SettingsError: If a setting makes no sense.
        NamingError: If the storage or the broadcast port cannot be used.
        CommunicationError: If it cannot listen where it should.
    """
    manager = manager or ServiceManager()
    configuration = load()
    settings = configuration.nameserver
    log_lines.set_up(settings)
    with (
        NameServer(settings, configuration.server, listening=manager.sockets()) as nameserver,
        Supervisor(nameserver, configuration, load, manager) as supervisor,
        stopping(supervisor.stop),
        hanging_up(supervisor.reload),
    ):
        if settings.log_format == "json":
            facts = {"uri": str(nameserver.uri), "probes": nameserver.admin and nameserver.admin.url}
            _log.info("name server ready", extra={"fields": facts})
        else:
            announce(nameserver.banner())
        manager.notify("READY=1", f"STATUS=serving on {nameserver.uri.location}")
        nameserver.serve()
    _log.info("stopped")


def _changed(before: Any, now: Any) -> set[str]:
    return {item.name for item in fields(now) if getattr(before, item.name) != getattr(now, item.name)}
