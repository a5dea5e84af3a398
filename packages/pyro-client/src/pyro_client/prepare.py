"""From a call to what is sent, the same for blocking and asyncio proxies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pyro_client.plans.connect import Connection
from pyro_client.plans.invoke import Extras
from pyro_client.profile import Annotations, Profile
from pyro_core import bulk
from pyro_core.calls import Blob
from pyro_core.delivery import delivered
from pyro_core.errors import NOT_EXECUTED, SerializeError
from pyro_core.features import BUFFERS, STREAM, TYPES
from pyro_core.names import ANNOTATION_BLOB, ANNOTATION_BUFFERS, ANNOTATION_STREAM
from pyro_core.wire.message import BATCH, KEEP_SERIALIZED, ONEWAY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pyro_client.exports import Exports


class Prepared:
    """A call that is ready to be sent.

    Attributes:
        payload: Bytes, or ``pyro_core.bulk.Pieces``.
        flags: Neutral flags.
        extras: Annotations and correlation id.
    """

    __slots__ = ("extras", "flags", "payload")

    def __init__(self, payload: Any, flags: int, extras: Extras) -> None:
        self.payload = payload
        self.flags = flags
        self.extras = extras


def prepared(
    connection: Connection,
    profile: Profile,
    exports: Callable[[], Exports],
    method: str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None,
    flags: int,
    object_id: str | None,
) -> Prepared:
    """Encode a call as a profile wants it made.

    Large buffers are put beside the serialized part, and iterators become streams, where the server can do
    that.

    Args:
        connection: Where to.
        profile: Tells the object, its one-way methods, and what goes along.
        exports: Gives what sends the items of streams.
        method: Name of the method.
        args: Positional arguments.
        kwargs: Keyword arguments; None for attributes and batches.
        flags: Neutral flags.
        object_id: Another object of the same server; None for the profile's own.

    Raises:
        SerializeError: If an argument cannot travel.
    """
    if object_id is None:
        object_id = profile.object_id
        if method in profile.oneway:
            flags |= ONEWAY
    extras = profile.request_extras()
    try:
        return _encoded(connection, exports, method, args, kwargs, flags, object_id, *extras)
    except SerializeError as problem:
        delivered(problem, NOT_EXECUTED)
        raise


def _encoded(
    connection: Connection,
    exports: Callable[[], Exports],
    method: str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None,
    flags: int,
    object_id: str,
    annotations: Annotations,
    correlation_id: bytes | None,
) -> Prepared:
    payload: Any
    if args and type(args[0]) is Blob:
        from pyro_client.blob import encode_blob

        payload, mark = encode_blob(connection.serializer, object_id, method, args, kwargs)
        annotations = {**annotations, ANNOTATION_BLOB: mark}
        return Prepared(payload, flags | KEEP_SERIALIZED, (annotations, correlation_id))
    lifted = None
    if flags & BATCH:
        if TYPES not in connection.features:
            args = [(name, tuple(values), keywords or {}) for name, values, keywords in args]
    elif BUFFERS in connection.features:
        lifted = bulk.lift_call(args, kwargs)
    if lifted is not None:
        args, kwargs = lifted.value
        annotations = {**annotations, ANNOTATION_BUFFERS: lifted.annotation}
    try:
        payload = connection.serializer.encode_call(object_id, method, args, kwargs)
    except SerializeError:
        replaced = exports().with_streams(args, kwargs) if STREAM in connection.features else None
        if replaced is None:
            raise
        payload = connection.serializer.encode_call(object_id, method, *replaced)
        annotations = {**annotations, ANNOTATION_STREAM: b"1"}
    if lifted is not None:
        payload = lifted.payload(payload)
    return Prepared(payload, flags, (annotations, correlation_id))
