"""What travels in a call: references to objects, item streams, and values that stay serialized."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pyro_core.metadata import Metadata
from pyro_core.uri import URI

if TYPE_CHECKING:
    from pyro_core.serializer import Serializer


class Call(NamedTuple):
    """One call as it stands in a payload.

    Attributes:
        object_id: Which object.
        method: Which method; see ``pyro_core.names`` for the special ones.
        args: Positional arguments.
        kwargs: Keyword arguments; None for attribute access and batches, as stock peers send it.
    """

    object_id: str
    method: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """Where a remote object is, and how to talk to it: what a proxy becomes when it travels.

    Attributes:
        uri: Its address.
        metadata: Its members as far as the sender knew them; empty if it did not.
        handshake: What to say in the handshake.
        serializer: Name of the serializer to use, or None for the receiver's own choice.
    """

    uri: URI
    metadata: Metadata = field(default_factory=Metadata)
    handshake: Any = "hello"
    serializer: str | None = None


@dataclass(frozen=True, slots=True)
class StreamHandle:
    """An item stream on a server, before somebody iterates it.

    Attributes:
        stream_id: Its id in the daemon that runs it; None if that daemon does not allow streams.
    """

    stream_id: str | None


@dataclass(slots=True)
class Blob:
    """A value that stays serialized until somebody asks, so that dispatchers can pass it on cheaply.

    Attributes:
        info: Small value that is decoded at every station.
        data: The value itself (at the sender) or its encoded call (at a receiver).
        serializer: Decodes ``data`` at a receiver; None at the sender.
    """

    info: Any
    data: Any
    serializer: "Serializer | None" = None

    def deserialized(self) -> Any:
        """The value."""
        if self.serializer is None:
            return self.data
        args = self.serializer.decode_call(self.data).args
        return args[0] if len(args) == 1 else args
