"""Under which addresses the objects of a daemon are to be found."""

from collections.abc import Sequence
from typing import Any

from pyro_core.calls import ObjectRef
from pyro_core.errors import DaemonError
from pyro_core.uri import URI
from pyro_server.listeners import Listeners
from pyro_server.objects import Entry, ObjectTable


class Published:
    """Gives addresses of objects, and references to them.

    Everything here takes objects and classes as well as ids.

    Args:
        objects: What is registered.
        listeners: Where the daemon listens. The first place is that of single addresses.
    """

    def __init__(self, objects: ObjectTable, listeners: Listeners) -> None:
        self._objects = objects
        self._listeners = listeners

    def uri(self, obj_or_id: Any, *, nat: bool = True) -> URI:
        """The address of something registered, or of an id, registered or not.

        Raises:
            DaemonError: If the object is not registered.
        """
        return self._listeners.addresses[0].uri(self._id_of(obj_or_id), nat=nat)

    def uris(self, obj_or_id: Any, *, nat: bool = True) -> Sequence[URI]:
        """Its addresses, one for each place where the daemon listens. Raises as ``uri`` does."""
        return self._listeners.uris(self._id_of(obj_or_id), nat=nat)

    def ref(self, obj_or_id: Any, *, nat: bool = True) -> ObjectRef:
        """A reference to something registered.

        Raises:
            DaemonError: If it is not registered.
        """
        if not isinstance(obj_or_id, str):
            return self.ref_of(self._entry(obj_or_id), nat=nat)
        entry = self._objects.by_id.get(obj_or_id)
        if entry is None:
            raise DaemonError("unknown object")
        return self.ref_of(entry, nat=nat)

    def ref_of(self, entry: Entry, *, nat: bool = True) -> ObjectRef:
        """The reference to the object of an entry."""
        address = self._listeners.addresses[0].uri(entry.object_id, nat=nat)
        return ObjectRef(address, entry.members.metadata)

    def _id_of(self, obj_or_id: Any) -> str:
        return obj_or_id if isinstance(obj_or_id, str) else self._entry(obj_or_id).object_id

    def _entry(self, obj: Any) -> Entry:
        entry = self._objects.entry_of(obj)
        if entry is None:
            raise DaemonError(
                f"object is not registered in this daemon: {obj!r:.120}; register(...) it first"
            )
        return entry
