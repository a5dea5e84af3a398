"""Running requests on an event loop: ``async def`` methods there, everything else in threads."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pyro_core.context import CallContext, enter_call, leave_call
from pyro_core.net.coroutines import Fatal, awaited, cancellation
from pyro_core.serializer import Serializer
from pyro_core.wire.message import BATCH, KEEP_SERIALIZED
from pyro_server.decoding import decoded
from pyro_server.engine import ServerEngine
from pyro_server.loop_calls import LARGE_BYTES
from pyro_server.repeatable import RepeatableCall
from pyro_server.requests import Request

InThread = Callable[..., Awaitable[Any]]


async def run_async(engine: ServerEngine, work: Any, in_thread: InThread) -> Any:
    """Run one request; gives the answer: bytes, empty for none, or a list of buffers.

    Args:
        engine: The connection's engine.
        work: What it gave.
        in_thread: Awaits a function that runs in a thread, in a copy of the current context.
    """
    if type(work) is RepeatableCall:
        known, answer = work.begin(), b""
        if known is not None:
            return known
        try:
            answer = await run_async(engine, work.request, in_thread)
        finally:
            work.end(answer)
        return answer
    if (
        not isinstance(work, Request)
        or work.is_handshake
        or work.message.flags & (BATCH | KEEP_SERIALIZED)
        or len(work.message.payload) > LARGE_BYTES
    ):
        return await in_thread(engine.run, work)
    begun = engine.begin(work)
    if type(begun) is not tuple:
        return begun
    serializer, context = begun
    token = enter_call(context)
    try:
        return await _run(engine, work, serializer, context, in_thread)
    except asyncio.CancelledError:
        return engine.answers.failure(work.message, serializer, cancellation(context), context)
    except BaseException as error:
        return engine.failed(work.message, serializer, error, context)
    finally:
        leave_call(token)
        engine.end(work)


async def _run(
    engine: ServerEngine, work: Request, serializer: Serializer, context: CallContext, in_thread: InThread
) -> Any:
    request = work.message
    object_id, method, args, kwargs = decoded(request, serializer, context, engine.conversation)
    function = engine.asynchronous(object_id, method, args)
    if function is None:

        def in_worker() -> Any:
            try:
                context.raise_if_cancelled()  # it may have waited for a thread
                result = engine.call(object_id, method, args, kwargs)
            except StopIteration as end:  # no future can carry it, such as the end of a stream
                return engine.answers.failure(request, serializer, end, context)
            return engine.complete(work, serializer, context, [result])

        return await in_thread(in_worker)
    task = asyncio.current_task()
    assert task is not None
    loop, running = task.get_loop(), True

    def cancel() -> None:
        if running:  # else the task has other things to do
            task.cancel()

    context.when_cancelled(lambda: loop.call_soon_threadsafe(cancel))
    try:
        result = function(*args, **(kwargs or {}))
        while hasattr(type(result), "__await__"):
            left_s = context.remaining_s
            result = await (result if left_s is None else awaited(result, left_s))
            if isinstance(result, Fatal):
                raise result.error
    finally:
        running = False
        context.when_cancelled(None)
    return engine.complete(work, serializer, context, [result])
