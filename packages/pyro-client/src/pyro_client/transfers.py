"""Telling how far a large message is on its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from pyro_core.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final, Literal

    from pyro_client.arrivals import Arrivals
    from pyro_client.async_dialogue import AsyncDialogue
    from pyro_client.run_async import AsyncLink
    from pyro_core.wire.message import Buffer

LARGE_BYTES: Final = 1 << 20
"""Nothing is told of smaller messages."""
TELL_S: Final = 0.02
"""On event loops, what was sent is looked at so often."""
PIECE_BYTES: Final = 1 << 18
"""While somebody wants to know, no more than this is sent at once."""


class Transfer(Record):
    """How far a large message is.

    Attributes:
        direction: ``"send"`` or ``"receive"``.
        done_bytes: Bytes of it that were sent or have arrived.
        total_bytes: How many it has.
    """

    __slots__ = ("direction", "done_bytes", "total_bytes")

    def __init__(self, direction: Literal["send", "receive"], done_bytes: int, total_bytes: int) -> None:
        self.direction = direction
        self.done_bytes = done_bytes
        self.total_bytes = total_bytes


OnTransfer = Callable[[Transfer], object]


class TransferWatch:
    """Tells how far the large messages of a connection are.

    Args:
        on_transfer: Is told; what it raises passes through.
    """

    __slots__ = ("_arriving", "on_transfer")

    def __init__(self, on_transfer: OnTransfer) -> None:
        self.on_transfer = on_transfer
        self._arriving = 0  # bytes in all of the message that was told of last and is not complete

    def pieces(self, parts: Sequence[Buffer]) -> Iterator[memoryview]:
        """The parts of a message in pieces; asking for the next one means that the last one was sent."""
        views = [memoryview(part).cast("B") for part in parts]
        total, done = sum(map(len, views)), 0
        for view in views:
            for start in range(0, len(view), PIECE_BYTES):
                piece = view[start : start + PIECE_BYTES]
                yield piece
                done += len(piece)
                if total >= LARGE_BYTES:
                    self.on_transfer(Transfer("send", done, total))

    async def send(self, link: AsyncLink, data: Any) -> None:
        """Send a message over a link of an event loop, and tell now and then how much is out."""
        import asyncio

        parts = data if type(data) is list else (data,)
        total = sum(memoryview(part).nbytes for part in parts)
        sending = asyncio.ensure_future(link.send(data))
        if total >= LARGE_BYTES:
            while not (await asyncio.wait({sending}, timeout=TELL_S))[0]:
                self.on_transfer(Transfer("send", max(total - link.unsent_bytes, 0), total))
        await sending
        if total >= LARGE_BYTES:
            self.on_transfer(Transfer("send", total, total))

    def look(self, arriving: tuple[int, int] | None) -> None:
        """Something arrived.

        Args:
            arriving: Bytes that are there, and how many it will be, of the message under way; None for none.
        """
        before = self._arriving
        if before and (arriving is None or arriving[1] != before):
            self._arriving = 0
            self.on_transfer(Transfer("receive", before, before))
        if arriving is not None and arriving[1] >= LARGE_BYTES:
            self._arriving = arriving[1]
            self.on_transfer(Transfer("receive", *arriving))


def watch(arrivals: Arrivals | AsyncDialogue, on_transfer: OnTransfer | None) -> None:
    """Have somebody told of what is sent and received over a connection; None for nobody any more."""
    if on_transfer is None:
        arrivals.watch = None
    elif arrivals.watch is None or arrivals.watch.on_transfer is not on_transfer:
        arrivals.watch = TransferWatch(on_transfer)
