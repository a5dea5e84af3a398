"""Values that stay serialized."""

from typing import Any

from pyro_core.calls import Blob


class SerializedBlob:
    """A value that stays serialized until somebody asks for it, so that dispatchers can pass it on.

    Args:
        info: Small value that is decoded at every station.
        data: The value; a received message for a blob.
        is_blob: The data is a received message.
    """

    __module__ = "Pyro4.core"

    def __init__(self, info: Any, data: Any, is_blob: bool = False) -> None:
        self.info = info
        self._data = data
        self._contains_blob = is_blob

    def deserialized(self) -> Any:
        """The value."""
        if not self._contains_blob:
            return self._data
        from Pyro4.util import get_serializer_by_id

        serializer = get_serializer_by_id(self._data.serializer_id)
        _, _, data, _ = serializer.deserializeData(self._data.data, self._data.flags & 2)
        return data

    def _pyro_blob(self) -> Blob:
        """The native kind of blob."""
        return Blob(self.info, self._data)
