"""One open connection of an asyncio proxy: who waits for what, and who gets what arrives."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from pyro_client.answer import Answer
from pyro_client.dialogue import MOST_FORGOTTEN
from pyro_client.plans import invoke
from pyro_client.plans.connect import Connection
from pyro_client.run_async import AsyncLink
from pyro_core.duplex import deadline_annotation
from pyro_core.errors import ConnectionClosedError, ProtocolError
from pyro_core.events import ClientEvent, ItemsArrived, PeerBroke, PongArrived, ReplyArrived
from pyro_core.features import CALLS, DEADLINE
from pyro_core.names import ANNOTATION_ONCE
from pyro_core.wire.message import ONEWAY, RESULT, Message

if TYPE_CHECKING:
    from pyro_client.async_pushed import AsyncPushedItems
    from pyro_client.transfers import TransferWatch
    from pyro_core.wire.plain import PlainCall, PlainReplies


class AsyncDialogue:
    """Exchanges requests and answers on one open connection, for any number of tasks of one event loop.

    Args:
        connection: The connection.
        on_event: Gets what the server says by itself.
        on_end: Called once, when the connection cannot be used any more.

    Attributes:
        connection: As given.
        shared: Several calls may be under way.
        turn: Held by who calls, where calls are not shared.
        streams: Who takes the items that the server pushes, by name of the stream.
        waiting: Who waits for the answer of a call, by its number.
        over: The connection cannot be used any more.
        loop: The event loop.
    """

    def __init__(
        self,
        connection: Connection,
        on_event: "Callable[[AsyncDialogue, ClientEvent], object]",
        on_end: "Callable[[AsyncDialogue], object]",
    ) -> None:
        self.connection = connection
        self.shared = CALLS in connection.features
        self.turn = asyncio.Lock()
        self.streams: dict[str, AsyncPushedItems] = {}
        self.over = False
        self.loop = asyncio.get_running_loop()
        self._tells_deadlines = DEADLINE in connection.features
        self._on_event = on_event
        self._on_end = on_end
        self._link: AsyncLink = connection.link
        self._session = connection.session
        self.waiting: dict[int, Answer] = {}
        self._pings: deque[asyncio.Future[Message]] = deque()
        self._plain_replies: PlainReplies | None = None
        self._enough: BaseException | None = None
        self.watch: TransferWatch | None = None
        self._link.hand_over(self._receive, self._link_ended)

    async def exchange(
        self,
        payload: Any,
        flags: int,
        extras: invoke.Extras,
        deadline: float | None,
        *,
        compress: bool = False,
    ) -> Message | None:
        """Send a request and wait for its answer; None for a one-way call, which has none.

        Cancelling gives up on the call, and tells the server so. A connection that is not shared is closed
        then.

        Args:
            payload: The encoded call.
            flags: Neutral flags.
            extras: Annotations and correlation id.
            deadline: Told to the server, as ``time.monotonic()`` counts; who calls sees to it here.
            compress: Compress the payload if that makes it shorter.

        Raises:
            ConnectionClosedError: If the connection failed.
            ProtocolError: If the server answered nonsense.
            MessageTooLarge: If the call is larger than the limit; the connection is fine.
        """
        if self.shared:
            return await self._exchange(payload, flags, extras, deadline, compress=compress)
        async with self.turn:
            return await self._exchange(payload, flags, extras, deadline, compress=compress)

    def expect_plain(self) -> "PlainCall | None":
        """Take plain answers (see ``pyro_core.wire.plain``) the quickest way from now on.

        Their payloads are what is awaited then. Gives what makes a plain call; None if there are none here.
        """
        ways = self._session.plain_ways(self.connection.serializer_id)
        if ways is None:
            return None
        call, _, self._plain_replies = ways
        return call

    def message(self, seq: int, answer: Any) -> Message:
        """An answer as a message, whichever way it came."""
        if type(answer) is not bytes:
            return answer  # type: ignore[no-any-return]
        connection = self.connection
        return Message(RESULT, connection.serializer_id, seq, answer, version=connection.version)

    async def ping(self) -> None:
        """Ask the server for a sign of life and wait for it."""
        future: asyncio.Future[Message] = self.loop.create_future()
        async with self.turn:
            self._pings.append(future)
            await self._link.send(self._session.ping())
            await future

    def say(self, data: bytes, deadline: float | None = None) -> None:
        """Send something that is no call; from any thread.

        Args:
            data: What to send.
            deadline: Not looked at: this never waits.

        Raises:
            ConnectionClosedError: If the connection is gone.
        """
        if self.over:
            raise self._link.lost(retry_safe=True)
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self.loop:
            self._link.write(data)
        else:
            try:
                self.loop.call_soon_threadsafe(self._link.write, data)
            except RuntimeError as problem:
                raise self._link.lost(retry_safe=True) from problem

    def end(self, problem: BaseException) -> None:
        """The connection cannot be used any more: tell all who wait, and close it."""
        if self.over:
            return
        self.over = True
        waiting = list(self.waiting.values())
        self.waiting.clear()
        for answer in waiting:
            answer.settle(None, self._lost(problem))
        for future in self._pings:
            if not future.done():
                future.set_exception(self._lost(problem))
                future.exception()  # whoever waits has perhaps gone: no warning then
        for stream in list(self.streams.values()):
            stream.connection_lost()
        self._link.close()
        self._on_end(self)

    async def _exchange(
        self,
        payload: Any,
        flags: int,
        extras: invoke.Extras,
        deadline: float | None,
        *,
        compress: bool,
    ) -> Message | None:
        if self.over:
            raise self._link.lost(retry_safe=True)
        annotations, correlation_id = extras
        repeatable = ANNOTATION_ONCE in annotations
        if deadline is not None and self._tells_deadlines and not repeatable:
            annotations = {**annotations, **deadline_annotation(deadline - monotonic())}
        session = self._session
        request = session.call(
            self.connection.serializer_id, payload, flags, annotations, correlation_id, compress=compress
        )
        if flags & ONEWAY:
            await self._link.send(request)
            return None
        seq = session.seq
        answer = self.waiting[seq] = Answer(self.loop)
        try:
            if self.watch is None:
                await self._link.send(request)
            else:
                await self.watch.send(self._link, request)
            message = self.message(seq, await answer)
        except asyncio.CancelledError as cancelled:
            self.give_up(seq, cancelled, silently=repeatable)
            raise
        except BaseException as problem:
            if not self.shared or self.watch is not None or isinstance(problem, ConnectionClosedError):
                self.end(problem)
            raise
        return invoke.checked(self, message)

    def give_up(self, seq: int, cancelled: BaseException, *, silently: bool = False) -> None:
        """Nobody wants the answer of a call any more: tell the server, or end an unshared connection.

        Args:
            seq: Number of the call.
            cancelled: Why.
            silently: Do not tell the server, because the call may be made again.
        """
        self.waiting.pop(seq, None)
        if self.over:
            return
        if not self.shared:
            self.end(cancelled)  # the answer may still come, and would confuse the next call
            return
        taken_back = self._session.cancel(seq)
        if not silently:
            self._link.write(taken_back)
        if self._session.forgotten > MOST_FORGOTTEN:
            self.end(cancelled)

    # ---- what arrives

    def _receive(self, data: bytes) -> None:
        if self._plain_replies is not None:
            found, end = self._plain_replies(data)
            if found:
                self._hand_out_plain(found)
                data = data[end:]
                if not data:
                    return
        message = self._session.reply_from(data)
        if self.watch is not None:
            try:
                self.watch.look(self._session.arriving)
            except BaseException as enough:  # whoever is told how far it is has given up
                self._enough = enough
                self.end(enough)
                return
        try:
            if message is not None:
                self._hand_out(message)
                return
            for event in self._session.events():
                self._handle(event)
        except ProtocolError as problem:
            self.end(problem)

    def _hand_out_plain(self, found: Sequence[tuple[int, bytes]]) -> None:
        """Let those who wait go on at once, unless we are called by a task."""
        at_once = asyncio.current_task(self.loop) is None
        take = self.waiting.pop
        if len(found) == 1:
            ((seq, payload),) = found
            waits = take(seq, None)
            if waits is not None:
                waits.settle(payload, at_once=at_once)
            return
        # All are taken first: those who go on may end the connection.
        taken = [(take(seq, None), payload) for seq, payload in found]
        answers = iter([(answer, payload) for answer, payload in taken if answer is not None])
        try:
            for answer, payload in answers:
                answer.settle(payload, at_once=at_once)
        finally:
            for answer, payload in answers:  # somebody ended the event loop
                answer.settle(payload)

    def _handle(self, event: ClientEvent) -> None:
        if isinstance(event, ReplyArrived):
            self._hand_out(event.message)
        elif isinstance(event, ItemsArrived):
            stream = self.streams.get(event.items.stream_id)
            if stream is not None:
                stream.arrived(event.items)
        elif isinstance(event, PongArrived):
            pong = self._pings.popleft()
            if not pong.done():
                pong.set_result(event.message)
        elif isinstance(event, PeerBroke):
            raise event.error
        elif self.shared:
            self._on_event(self, event)
        else:
            raise ProtocolError(
                f"{self.connection.peer} sent {type(event).__name__} where the answer to a call was due",
                expected="ReplyArrived",
                received=type(event).__name__,
            )

    def _hand_out(self, message: Message) -> None:
        answer = self.waiting.pop(message.seq, None)
        if answer is not None:
            answer.settle(message)

    def _link_ended(self) -> None:
        self.end(self._link.lost(retry_safe=not self.waiting))

    def _lost(self, problem: BaseException) -> BaseException:
        if isinstance(problem, ProtocolError) or problem is self._enough:
            return problem
        error = ConnectionClosedError(
            f"connection to {self.connection.peer} lost while an answer was due: {problem}; the call may "
            "have been executed",
            peer=self.connection.peer,
        )
        error.__cause__ = problem
        return error
