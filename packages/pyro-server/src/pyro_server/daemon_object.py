"""The object that every daemon serves about itself, under the id ``Pyro.Daemon``."""

from typing import TYPE_CHECKING, Any

from pyro_core.context import serving
from pyro_core.expose import expose, oneway

if TYPE_CHECKING:
    from pyro_server.host import DaemonHost


class DaemonObject:
    """What clients can ask a daemon.

    Args:
        host: The daemon's innards.
    """

    def __init__(self, host: "DaemonHost") -> None:
        self._host = host

    @expose
    def registered(self) -> list[str]:
        """Ids of all objects."""
        return list(self._host.objects)

    @expose
    def ping(self) -> None:
        """Do nothing, successfully."""

    @expose
    def info(self) -> str:
        """A line about the daemon."""
        return self._host.describe()

    @expose
    def health(self) -> dict[str, Any]:
        """How the daemon is doing now: the fields of ``pyro_server.health.Health``.

        Stock servers do not have this method.
        """
        return self._host.daemon.health().to_wire()

    @expose
    def get_metadata(self, objectId: str, as_lists: bool = False) -> dict[str, object]:
        """Exposed members of an object, as sets or as lists.

        Raises:
            DaemonError: If there is no such object.
        """
        return self._host.dispatcher.described(objectId).members.metadata.to_wire(as_lists=as_lists)

    @expose
    def describe_members(self, objectId: str) -> dict[str, Any]:
        """Signatures, annotations and docs of an object's members (see ``pyro_core.descriptions``).

        Stock servers do not have this method.

        Raises:
            DaemonError: If there is no such object.
        """
        members = self._host.dispatcher.described(objectId).members
        if members.description is None:
            from pyro_core.signatures import describe  # only for those who look

            members.description = describe(members).to_wire()
        return members.description

    @expose
    def get_next_stream_item(self, streamId: str) -> Any:
        """The next item of an item stream.

        Raises:
            StopIteration: If there is none left.
            PyroError: If there is no such stream.
        """
        call = serving()
        return self._host.streams.next_item(streamId, call.connection if call is not None else None)

    @expose
    @oneway
    def close_stream(self, streamId: str) -> None:
        """End an item stream early."""
        self._host.streams.close(streamId)
