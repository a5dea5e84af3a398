"""What a subclass of ``Daemon`` may override to take part."""

import logging
from collections.abc import Mapping
from typing import Any

from pyro_core.context import CallContext
from pyro_core.wire.message import NO_ANNOTATIONS
from pyro_server.connection import Connection

log = logging.getLogger("pyro_server.host")


class Hooks:
    """The hooks of a daemon, each with what it does if it is not overridden."""

    def validate_handshake(self, connection: Connection, data: Any) -> Any:
        """Decide whether to let a client in.

        Args:
            connection: Its connection.
            data: What it said in the handshake.

        Returns:
            The answer, for the client.

        Raises:
            Exception: To turn it away; the text is the reason that the client is told.
        """
        return "hello"

    def client_disconnect(self, connection: Connection) -> Any:
        """A client that had been let in is gone. May be ``async def``, as may the other hooks for clients."""

    def annotations(self) -> Mapping[str, bytes]:
        """What goes along with every reply: four ASCII letters -> bytes."""
        return NO_ANNOTATIONS

    def housekeeping(self) -> Any:
        """Called every few seconds. May be ``async def``."""

    def call_failed(self, call: CallContext, error: BaseException, *, unseen: bool) -> None:
        """A method raised, or a call could not be made. The default logs it.

        Args:
            call: The call.
            error: What was raised; the caller gets it unless the call was oneway.
            unseen: True for oneway calls and callbacks, whose errors would otherwise be lost on this side.
        """
        level = logging.ERROR if unseen else logging.DEBUG
        log.log(
            level,
            "call of %s.%s from %s failed: %r",
            call.object_id,
            call.method,
            call.client_address,
            error,
            exc_info=error if unseen else None,
        )
