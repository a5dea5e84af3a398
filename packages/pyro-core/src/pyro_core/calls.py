"""What travels in a call: references to objects, item streams, and values that stay serialized."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence

from pyro_core.errors import SerializeError
from pyro_core.metadata import NO_METADATA, Metadata
from pyro_core.records import FrozenRecord, Record
from pyro_core.uri import URI

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from pyro_core.serializer import Serializer


class Call(namedtuple("Call", ("object_id", "method", "args", "kwargs"))):
    """One call as it stands in a payload.

    Attributes:
        object_id: Which object.
        method: Which method; see ``pyro_core.names`` for the special ones.
        args: Positional arguments.
        kwargs: Keyword arguments; None for attribute access and batches, as stock peers send it.
    """

    __slots__ = ()

    object_id: str
    method: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any] | None


class ObjectRef(FrozenRecord):
    """Where a remote object is, and how to talk to it: what a proxy becomes when it travels.

    Attributes:
        uri: Its address.
        metadata: Its members as far as the sender knew them; empty if it did not.
        handshake: What to say in the handshake.
        serializer: Name of the serializer to use, or None for the receiver's own choice.
    """

    __slots__ = ("uri", "metadata", "handshake", "serializer")

    uri: URI
    metadata: Metadata
    handshake: Any
    serializer: str | None

    def __init__(
        self,
        uri: URI,
        metadata: Metadata = NO_METADATA,
        handshake: Any = "hello",
        serializer: str | None = None,
    ) -> None:
        self._fill(uri, metadata, handshake, serializer)


class StreamHandle(FrozenRecord):
    """An item stream on a server, before somebody iterates it.

    Attributes:
        stream_id: Its id in the daemon that runs it; None if that daemon does not allow streams.
    """

    __slots__ = ("stream_id",)

    stream_id: str | None

    def __init__(self, stream_id: str | None) -> None:
        self._fill(stream_id)


class Blob(Record):
    """A value that stays serialized until somebody asks, so that dispatchers can pass it on cheaply.

    As the only argument of a call it is sent so; it cannot be sent in any other place.

    Attributes:
        info: Small value that is decoded at every station: text, bytes, numbers, None, and tuples of them.
        data: The value itself (at the sender) or its encoded call (at a receiver).
        serializer: Decodes ``data`` at a receiver; None at the sender.
    """

    __slots__ = ("info", "data", "serializer")

    def __init__(self, info: Any, data: Any, serializer: Serializer | None = None) -> None:
        self.info = info
        self.data = data
        self.serializer = serializer

    def deserialized(self) -> Any:
        """The value.

        Raises:
            SerializeError: If it cannot be decoded.
        """
        if self.serializer is None:
            return self.data
        call = self.serializer.decode_value(self.data)
        if isinstance(call, tuple | list) and len(call) == 4:
            return call[2]
        if isinstance(call, dict) and "params" in call:  # as json writes calls
            return call["params"]
        return self.serializer.decode_call(self.data).args

    def __pyro_ref__(self) -> NoReturn:
        # Serializers ask this of everything that they do not know by themselves.
        raise SerializeError(
            "a Blob must be the only argument of its call; it cannot be part of other values"
        )
