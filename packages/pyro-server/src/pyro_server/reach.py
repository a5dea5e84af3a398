"""Whether clients of other machines can reach a daemon that does not ask who calls."""

import logging
from typing import TYPE_CHECKING

from pyro_core.settings import ServerSettings
from pyro_server.hooks import Hooks

if TYPE_CHECKING:
    from pyro_server.host import DaemonHost
    from pyro_server.listeners import Listeners

log = logging.getLogger("pyro_server.daemon")


class Reach:
    """The part of ``Daemon`` that is about who can call it at all."""

    settings: ServerSettings
    _host: "DaemonHost"
    _listeners: "Listeners"

    @property
    def open_to_strangers(self) -> bool:
        """Whether somebody on another machine can call without having shown who that is."""
        return bool(self._listeners.open_places) and not self._asks_who_calls()

    def _asks_who_calls(self) -> bool:
        admission = self._host.admission
        if admission is not None:
            return not admission.lets_anybody_in
        return getattr(type(self), "validate_handshake", None) is not Hooks.validate_handshake

    def _warn_of_strangers(self) -> None:
        """Say so loudly, unless it was said that this is meant."""
        meant = self.settings.allow_anonymous or self._host.admission is not None
        if self.open_to_strangers and not meant:
            log.warning(
                "everybody who reaches %s can call this daemon, which does not ask who calls. Let it ask, "
                "with Daemon(authenticate=[...]), PYRO_TOKENS_FILE or TLS with require_client_cert; or "
                "listen on localhost; or say that it is meant: PYRO_ALLOW_ANONYMOUS=1, allow_anonymous=True",
                " and ".join(self._listeners.open_places),
            )
