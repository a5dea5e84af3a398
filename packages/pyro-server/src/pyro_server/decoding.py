"""From a request to the call in it."""

from pyro_core.bulk import lower_call, split
from pyro_core.calls import Blob, Call
from pyro_core.context import CallContext
from pyro_core.errors import ProtocolError
from pyro_core.names import ANNOTATION_BLOB, ANNOTATION_BUFFERS, ANNOTATION_STREAM
from pyro_core.serializer import Serializer
from pyro_core.wire.message import Message
from pyro_server.blobs import read_blob_annotation
from pyro_server.conversation import Conversation


def decoded(
    request: Message, serializer: Serializer, context: CallContext, conversation: Conversation | None
) -> Call:
    """The call in a request, with all that came beside it in its place.

    Args:
        request: The request.
        serializer: Its serializer.
        context: The call, which is told what it calls.
        conversation: Knows the item streams of the client; None if it has none.

    Raises:
        SerializeError, ProtocolError: If it cannot be decoded.
    """
    if not request.annotations:
        call = serializer.decode_call(request.payload)
    else:
        buffers = request.annotations.get(ANNOTATION_BUFFERS)
        if buffers is None:
            call = serializer.decode_call(request.payload)
        else:
            body, beside = split(request.payload, buffers)
            call = lower_call(serializer.decode_call(body), beside)
        if ANNOTATION_STREAM in request.annotations and conversation is not None:
            call = conversation.with_streams(call)
    context.object_id = call.object_id
    context.method = call.method
    return call


def decoded_blob(request: Message, serializer: Serializer, context: CallContext) -> Blob:
    """The argument of a call that stays serialized.

    Args:
        request: The request.
        serializer: What the argument is serialized with.
        context: The call, which is told what it calls.

    Raises:
        ProtocolError: If the annotation that says that is missing.
        SerializeError: If that cannot be read.
    """
    annotation = request.annotations.get(ANNOTATION_BLOB)
    if annotation is None:
        raise ProtocolError(f"a serialized blob came without its annotation {ANNOTATION_BLOB!r}")
    info, context.object_id, context.method = read_blob_annotation(annotation)
    return Blob(info, request.payload, serializer)
