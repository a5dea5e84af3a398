"""Batches, and calls whose argument stays serialized."""

from typing import TYPE_CHECKING, Any

from pyro_core.context import CallContext
from pyro_core.convert import BatchFailure
from pyro_core.serializer import Serializer
from pyro_core.wire.message import KEEP_SERIALIZED
from pyro_server.decoding import decoded_blob
from pyro_server.requests import Request
from pyro_server.results import BatchResults

if TYPE_CHECKING:
    from pyro_server.engine import ServerEngine


def run_special(engine: "ServerEngine", work: Request, serializer: Serializer, context: CallContext) -> Any:
    """Run a batch, or a call whose argument stays serialized; gives the answer.

    Args:
        engine: The connection's.
        work: The request.
        serializer: Its serializer.
        context: The call, which is told what it calls.

    Raises:
        Exception: What the method raised, or because the result cannot be sent.
    """
    host, sessions = engine.host, engine.connection.sessions
    request = work.message
    if request.flags & KEEP_SERIALIZED:
        blob = decoded_blob(request, serializer, context)
        result = host.dispatcher.blob(context.object_id, context.method, blob, sessions)
        return engine.complete(work, serializer, context, [result])
    context.object_id, context.method, calls, _ = serializer.decode_call(request.payload)
    ready = BatchResults(
        engine.answers,
        host.coroutines,
        context,
        may_stream=engine.conversation is not None,
        max_bytes=host.settings.limits.max_message_bytes,
    )
    results = host.dispatcher.batch(context.object_id, calls, sessions, ready.finish)
    if results and type(results[-1]) is BatchFailure and host.hangs_up(request, results[-1].error):
        raise results[-1].error
    return engine.answers.batch(request, serializer, results, context)
