"""What an asyncio client offers to its server: objects whose methods run on the event loop, and streams."""

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pyro_client.exports import Exports, answer_error, answer_value, say_answer
from pyro_core.context import enter_call, leave_call
from pyro_core.events import CallArrived, ClientEvent
from pyro_core.net.coroutines import AsyncItems, LoopRunner
from pyro_core.wire.message import Message

if TYPE_CHECKING:
    from pyro_client.exports import Speaker


class AsyncExports(Exports):
    """The objects and streams that one asyncio proxy offers.

    Methods run on the event loop of the proxy; plain ones should be quick. Items of plain generators are made
    in threads.

    Args:
        loop: The event loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, dialogue: "Speaker", event: ClientEvent) -> None:
        """Deal with what the server says by itself. Never waits."""
        if isinstance(event, CallArrived):
            task = self._loop.create_task(self._serve(dialogue, event.message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            super().take(dialogue, event)

    def with_streams(
        self, args: Sequence[Any], kwargs: Mapping[str, Any] | None
    ) -> tuple[Sequence[Any], Mapping[str, Any] | None] | None:
        """The arguments of a call with handles in place of iterators, asynchronous ones too."""
        runner = LoopRunner(self._loop)

        def plain(value: Any) -> Any:
            return AsyncItems(runner, value) if hasattr(type(value), "__anext__") else value

        new_kwargs = {name: plain(value) for name, value in kwargs.items()} if kwargs else kwargs
        return super().with_streams([plain(value) for value in args], new_kwargs)

    async def _serve(self, dialogue: "Speaker", message: Message) -> None:
        call: Any = None
        try:
            function, call, context = self.find(dialogue, message)
            token = enter_call(context)
            task = asyncio.current_task()
            context.when_cancelled(task.cancel if task is not None else None)
            try:
                result = await _result(function, call.args, call.kwargs or {})
            finally:
                context.when_cancelled(None)
                leave_call(token)
            data = answer_value(dialogue.connection, message, result)
        except (Exception, asyncio.CancelledError) as error:
            if call is not None:
                self.failed(call, error)
            data = answer_error(dialogue.connection, message, error)
        finally:
            self.finish(dialogue, message)
        say_answer(dialogue, message, data)


async def _result(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    result = function(*args, **kwargs)
    return await result if inspect.isawaitable(result) else result
