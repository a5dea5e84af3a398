"""What clients of Pyro4 can ask a daemon."""

from typing import Any

from Pyro4.facade.failures import classic_errors
from pyro_core.expose import expose, oneway


@expose
class DaemonObject:
    """The object ``Pyro.Daemon`` of a daemon.

    Args:
        daemon: The daemon.
    """

    __module__ = "Pyro4.core"

    def __init__(self, daemon: Any) -> None:
        self.daemon = daemon

    def registered(self) -> list[str]:
        """Ids of all objects."""
        return list(self.daemon.objectsById)

    def ping(self) -> None:
        """Do nothing, successfully."""

    def info(self) -> str:
        """A line about the daemon."""
        text: str = self.daemon.describe()
        return text

    def get_metadata(self, objectId: str, as_lists: bool = False) -> dict[str, object]:
        """Exposed members of an object, as sets or as lists."""
        with classic_errors():
            metadata = self.daemon._host.dispatcher.described(objectId).members.metadata
        wire: dict[str, object] = metadata.to_wire(as_lists=as_lists)
        return wire

    def get_next_stream_item(self, streamId: str) -> Any:
        """The next item of an item stream."""
        from pyro_core.context import serving

        call = serving()
        return self.daemon._host.streams.next_item(streamId, call.connection if call is not None else None)

    @oneway
    def close_stream(self, streamId: str) -> None:
        """End an item stream early."""
        self.daemon._host.streams.close(streamId)
