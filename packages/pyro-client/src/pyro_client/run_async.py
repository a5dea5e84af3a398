"""Carries out the steps of plans on an asyncio event loop."""

import asyncio
import builtins
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from pyro_client.secure import SHARED, ClientTls
from pyro_core import plans
from pyro_core.errors import CommunicationError, ConnectionClosedError, TimeoutError
from pyro_core.net import sockets
from pyro_core.net.arriving import ArrivingBytes
from pyro_core.net.tls_failures import TlsError, explanation
from pyro_core.net.unix_sockets import unix_path
from pyro_core.plans import Plan, Step
from pyro_core.settings import ClientSettings

if TYPE_CHECKING:
    from pyro_core.plans import Found

T = TypeVar("T")

_HELD_BYTES: Final = 1 << 20
"""Bytes that may wait for somebody who wants them, before the server is made to wait."""


class AsyncLink(ArrivingBytes):
    """A connection on an event loop.

    Args:
        peer: Address of the other side, for texts.

    Attributes:
        has_room: ``post`` may be used: the connection stands, and the other side takes what is sent.
    """

    def __init__(self, peer: str) -> None:
        super().__init__()
        self.peer = peer
        self.has_room = True
        self.loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._held = bytearray()
        self._waiter: asyncio.Future[bytes] | None = None
        self._room: asyncio.Future[None] | None = None
        self._ended = False
        self._problem: Exception | None = None
        self._consumer: Callable[[bytes], None] | None = None
        self._on_end: Callable[[], None] | None = None
        self._outbox: list[bytes] = []  # for the end of this turn of the loop
        self._receiving = False
        self._flushing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # its class is the loop's business

    def hand_over(self, consumer: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        """From now on, give what arrives to somebody at once, instead of to who calls ``receive``.

        Args:
            consumer: Gets the bytes.
            on_end: Called when the connection is gone.
        """
        self._consumer = consumer
        self._on_end = on_end
        held = bytes(self._held)
        self._held.clear()
        if held:
            consumer(held)
        if self._ended:
            on_end()

    def data_received(self, data: bytes) -> None:
        if self._consumer is not None:
            self._receiving = True
            try:
                self._consumer(data)
            finally:
                self._receiving = False
                if self._outbox:
                    self._flush()
            return
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(data)
                return
        self._held += data
        if len(self._held) > _HELD_BYTES and self._transport is not None:
            self._transport.pause_reading()

    def eof_received(self) -> None:
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if isinstance(exc, ssl.SSLError):
            failure = TlsError(explanation(exc, server_side=False))
            failure.__cause__ = exc
            exc = failure
        self._end(exc)

    def pause_writing(self) -> None:
        self.has_room = False
        self._room = self.loop.create_future()

    def resume_writing(self) -> None:
        self.has_room = not self._ended
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    @property
    def ended(self) -> bool:
        """Whether the other side has closed the connection, or it broke."""
        return self._ended

    @property
    def unsent_bytes(self) -> int:
        """Bytes that wait until the system takes them."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    @property
    def sock(self) -> Any:
        """The socket, for looking at."""
        return self._transport.get_extra_info("socket") if self._transport is not None else None

    async def send(self, data: Any) -> None:
        """Send all of it: bytes, or a list of buffers.

        Raises:
            ConnectionClosedError: If the connection is gone; ``retry_safe`` if it was so from the beginning.
        """
        if self._ended or self._transport is None:
            raise self.lost(retry_safe=True)
        self._flush()
        if type(data) is list:
            self._transport.writelines(data)
        else:
            self._transport.write(data)
        if self._room is not None:
            await asyncio.shield(self._room)  # others may wait for the same
            if self._ended:
                raise self.lost()

    async def receive(self) -> bytes:
        """Wait for some bytes; empty when the other side closed the connection.

        Raises:
            ConnectionClosedError: If the connection broke.
        """
        if self._held:
            data = bytes(self._held)
            self._held.clear()
            if self._transport is not None and not self._ended:
                self._transport.resume_reading()
            return data
        if self._problem is not None:
            raise self.lost()
        if self._ended:
            return b""
        self._waiter = self.loop.create_future()
        data = await self._waiter
        if not data and self._problem is not None:
            raise self.lost()
        return data

    def write(self, data: bytes) -> None:
        """Send all of it, later if the other side is slow; nothing if the connection is gone."""
        self._flush()
        if self._transport is not None and not self._ended:
            self._transport.write(data)

    def post(self, data: bytes, *, alone: bool) -> None:
        """Send all of it, together with what else is posted in this turn of the loop.

        Args:
            data: What to send.
            alone: Nothing else is likely to be posted: send it now, unless something waits already.
        """
        if alone and not self._outbox and not self._receiving and self._transport is not None:
            self._transport.write(data)
            return
        self._outbox.append(data)
        if not (self._receiving or self._flushing):
            self._flushing = True
            self.loop.call_soon(self._flush)

    def close(self) -> None:
        """Close the connection at once."""
        if self._transport is not None and not self.loop.is_closed():
            self._transport.abort()

    def _flush(self) -> None:
        """Send what was posted."""
        self._flushing = False
        if self._outbox:
            posted, self._outbox = self._outbox, []
            if self._transport is not None and not self._ended:
                self._transport.write(posted[0] if len(posted) == 1 else b"".join(posted))

    def _end(self, problem: Exception | None) -> None:
        self._ended = True
        self._problem = self._problem or problem
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(b"")
        self.resume_writing()
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end()

    def lost(self, *, retry_safe: bool = False) -> ConnectionClosedError:
        """The error for a connection that is gone."""
        outcome = "nothing was sent" if retry_safe else "the call may have been executed"
        error = ConnectionClosedError(
            f"connection to {self.peer} lost: {self._problem or 'closed by the other side'}; {outcome}",
            peer=self.peer,
            retry_safe=retry_safe,
        )
        error.__cause__ = self._problem
        return error


class AsyncRunner:
    """Runs plans in the current task.

    Args:
        settings: Gives timeouts and socket options.
        sleep: Waits some seconds.
        discover: Carries out ``Discover``; None for ``pyro_client.discover.first_found``.
    """

    def __init__(
        self,
        settings: ClientSettings,
        *,
        sleep: Callable[[float], Any] = asyncio.sleep,
        discover: "Callable[[plans.Discover], Found] | None" = None,
    ) -> None:
        self.settings = settings
        self.sleep = sleep
        self._discover = discover
        self._tls: ClientTls | None = None

    async def run(self, plan: Plan[T], within_s: float | None = None) -> T:
        """Run a plan to its end. Cancelling is raised inside the plan, which closes what it opened.

        Args:
            plan: The plan.
            within_s: Seconds after which every step of it fails with a ``TimeoutError``; None for never.
        """
        until = None if within_s is None else asyncio.get_running_loop().time() + within_s
        try:
            step = next(plan)
            while True:
                try:
                    async with asyncio.timeout_at(until) as limit:
                        result = await self._perform(step)
                except builtins.TimeoutError as passed:
                    if not limit.expired():
                        step = plan.throw(passed)
                        continue
                    late = TimeoutError(f"timeout: not done within {within_s:g} s", retry_safe=True)
                    late.__cause__ = passed
                    step = plan.throw(late)
                except BaseException as problem:  # cancellation too: the plan decides, and raises it again
                    step = plan.throw(problem)
                else:
                    step = plan.send(result)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    async def _perform(self, step: Step) -> Any:
        match step:
            case plans.Send():
                return await step.link.send(step.data)
            case plans.Receive():
                return await _received(step.link, step.within_s)
            case plans.Open():
                return await self._open(step)
            case plans.Close():
                return step.link.close()
            case plans.Sleep():
                return await self.sleep(step.seconds)
            case plans.Discover():
                discover = self._discover
                if discover is None:
                    from pyro_client.discover import first_found

                    discover = first_found
                return await asyncio.get_running_loop().run_in_executor(None, discover, step)

    async def _open(self, step: plans.Open) -> AsyncLink:
        uri = step.uri
        peer = str(uri.location)
        loop = asyncio.get_running_loop()
        timeout_s = min(
            (s for s in (step.within_s, self.settings.timeouts.connect_s) if s is not None), default=None
        )
        factory = partial(AsyncLink, peer)
        secure: dict[str, Any] = {}
        if self.settings.tls is not None:
            self._tls = self._tls or SHARED.get(self.settings.tls)
            context, name = self._tls.context_for(uri)
            secure = {"ssl": context, "server_hostname": name or "", "ssl_handshake_timeout": timeout_s}
        family = {4: socket.AF_INET, 6: socket.AF_INET6}.get(self.settings.prefer_ip_version, 0)
        try:
            async with asyncio.timeout(timeout_s):
                if uri.sockname:
                    _, link = await loop.create_unix_connection(factory, unix_path(uri.sockname), **secure)
                else:
                    _, link = await loop.create_connection(
                        factory, uri.host or "", uri.port or 0, family=family, **secure
                    )
        except OSError as problem:  # the timeout's TimeoutError is one, too
            if isinstance(problem, asyncio.TimeoutError):
                raise TimeoutError(
                    f"timeout: {peer} did not accept a connection within {timeout_s} s",
                    peer=peer,
                    retry_safe=True,
                ) from problem
            raise CommunicationError(
                f"cannot connect to {peer}: {_reason(problem, secure)}", peer=peer, retry_safe=True
            ) from problem
        sockets.set_keepalive(link.sock, self.settings.keepalive_s)
        return link


async def _received(link: AsyncLink, within_s: float | None) -> bytes:
    try:
        async with asyncio.timeout(within_s):
            return await link.receive()
    except builtins.TimeoutError as problem:
        raise TimeoutError(
            f"timeout: nothing from {link.peer} within {within_s:g} s", peer=link.peer
        ) from problem


def _reason(problem: OSError, secure: object) -> str:
    """Why a connection could not be made."""
    if isinstance(problem, ssl.SSLError):
        return explanation(problem, server_side=False)
    if secure and isinstance(problem, ConnectionError):
        return f"{problem.strerror or problem}; does it speak TLS?"
    return problem.strerror or str(problem)
