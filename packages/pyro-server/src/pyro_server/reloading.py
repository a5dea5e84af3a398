"""How a daemon takes over changed certificates and tokens without a restart, and obeys signals."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pyro_core.errors import SettingsError
from pyro_server.stop_signals import hanging_up, is_hang_up_free, stopping

if TYPE_CHECKING:
    from pyro_server.host import DaemonHost
    from pyro_server.listeners import Listeners

log = logging.getLogger("pyro_server.daemon")


class Reloading:
    """The part of a daemon that reads files again."""

    _host: "DaemonHost"
    _listeners: "Listeners"
    _stop_politely: Callable[[], None]
    _reload_due = False

    def reload_tls(self) -> None:
        """Read certificates and keys again, for connections to come; those that exist keep theirs.

        Changed files are noticed without this, within a second.

        Raises:
            SettingsError: If some cannot be used; they stay what they were then.
        """
        self._listeners.reload_tls()

    def reload(self) -> None:
        """Read certificates again, and what authenticators have in files, such as tokens.

        While a daemon serves in the main thread, SIGHUP asks for this, unless the program handles that signal
        itself or has a terminal.

        Raises:
            SettingsError: If some cannot be used; they stay what they were then.
        """
        self.reload_tls()
        if self._host.admission is not None:
            self._host.admission.reload()

    def reload_if_asked(self) -> None:
        """Do what SIGHUP asked for; called every few seconds."""
        if not self._reload_due:
            return
        self._reload_due = False
        try:
            self.reload()
        except SettingsError as problem:
            log.error("not reloaded, everything stays as it was: %s", problem)
        else:
            log.info("reloaded")

    @contextlib.contextmanager
    def _obeying_signals(self) -> Iterator[None]:
        """While inside, signals are requests."""
        admission = self._host.admission
        has_files = self._listeners.has_tls or (admission is not None and admission.can_reload)
        reloads = hanging_up(self._hung_up) if has_files and is_hang_up_free() else contextlib.nullcontext()
        with stopping(self._stop_politely), reloads:
            yield

    def _hung_up(self) -> None:
        # A signal handler: no lock, no logging, and reading files may take both.
        self._reload_due = True
