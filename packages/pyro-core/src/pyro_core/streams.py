"""Item streams that are pushed: what both ends keep count of, without threads, loops or sockets.

The end that makes the items may be ahead of the end that takes them by a window of so many items and bytes,
and no further. It keeps what was sent and not taken yet, so that after a lost connection the stream goes on
over a new one where it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from operator import length_hint

from pyro_core.duplex import ENDED, FAILED, PAUSED, Credit
from pyro_core.errors import ProtocolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

WINDOW_ITEMS: Final = 4_096
"""How many items may be on their way or waiting to be taken."""
WINDOW_BYTES: Final = 1 << 20
"""How many bytes of them, serialized; one item at a time may be larger."""
MOST_IN_MESSAGE: Final = 1_024
"""Items in one message at most."""
FULL_MESSAGE_BYTES: Final = 1 << 16
"""Messages are not made much larger than this."""
QUICK_S: Final = 0.002
"""A message whose items took longer to make than this is followed by a smaller one."""


class Chunk:
    """Items that were sent in one message.

    Attributes:
        first: Number of the first of them.
        items: The items.
        size: Bytes of the message.
    """

    __slots__ = ("first", "items", "size")

    def __init__(self, first: int, items: Sequence[Any], size: int) -> None:
        self.first = first
        self.items = items
        self.size = size


class Maker:
    """The end of a stream that makes the items.

    Messages begin small, so that the first items arrive at once, and grow as long as items come quickly.

    Args:
        stream_id: Name of the stream.

    Attributes:
        stream_id: Name of the stream.
        sent: Number of items sent, from the beginning.
        limit: Number of items that may be sent, from the beginning.
        ended: Nothing more will be made.
        error: What making the next item raised, if that is why it ended.
    """

    __slots__ = (
        "_in_message",
        "_kept",
        "_kept_bytes",
        "_taken",
        "ended",
        "error",
        "limit",
        "sent",
        "stream_id",
    )

    def __init__(self, stream_id: str) -> None:
        self.stream_id = stream_id
        self.sent = self.limit = self._taken = 0
        self.ended = False
        self.error: BaseException | None = None
        self._in_message = 1
        self._kept: deque[Chunk] = deque()
        self._kept_bytes = 0

    @property
    def room(self) -> int:
        """How many items the next message may have; 0 if nothing may be sent."""
        if self.ended or self._kept_bytes >= WINDOW_BYTES:
            return 0
        return min(self.limit - self.sent, self._in_message)

    @property
    def kept_bytes(self) -> int:
        """Bytes that were sent and whose items were not taken yet."""
        return self._kept_bytes

    @property
    def done(self) -> bool:
        """Nothing more will be made, and all that was made was taken."""
        return self.ended and self._taken >= self.sent

    def credit(self, credit: Credit) -> None:
        """Notice what the other end says."""
        self._taken = max(self._taken, min(credit.taken, self.sent))
        kept = self._kept
        while kept and kept[0].first + len(kept[0].items) <= self._taken:
            self._kept_bytes -= kept.popleft().size
        self.limit = max(self.limit, min(credit.limit, self._taken + 2 * WINDOW_ITEMS))

    def note(self, items: Sequence[Any], size: int, took_s: float) -> int:
        """Items are sent in a message.

        Args:
            items: The items.
            size: Bytes of the message.
            took_s: How long they took to make, in seconds.

        Returns:
            Number of the first of them.
        """
        first = self.sent
        self.sent += len(items)
        self._kept.append(Chunk(first, items, size))
        self._kept_bytes += size
        if size > FULL_MESSAGE_BYTES or took_s > QUICK_S:
            self._in_message = max(self._in_message // 2, 1)
        elif 2 * size <= FULL_MESSAGE_BYTES:
            self._in_message = min(self._in_message * 4, MOST_IN_MESSAGE)
        return first

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more will be made."""
        self.ended = True
        self.error = error

    def again(self) -> list[Chunk]:
        """What was sent and not taken, for a new connection."""
        return list(self._kept)


class Taker:
    """The end of a stream that takes the items.

    Args:
        stream_id: Name of the stream.

    Attributes:
        stream_id: Name of the stream.
        ready: The items of the message that is being taken; they count as taken.
        over: No more items will arrive.
        error: What to raise after the last item, if the stream failed.
    """

    __slots__ = (
        "_allowed",
        "_arrived",
        "_freed_bytes",
        "_messages",
        "_paused",
        "_taken",
        "error",
        "over",
        "ready",
        "stream_id",
    )

    def __init__(self, stream_id: str) -> None:
        self.stream_id = stream_id
        self.over = False
        self.error: BaseException | None = None
        self.ready: Iterator[Any] = iter(())
        self._messages: deque[tuple[list[Any], int, int]] = deque()  # items, number after them, bytes
        self._arrived = self._taken = self._allowed = 0
        self._freed_bytes = 0  # of messages that were taken since the last credit
        self._paused = False

    def __len__(self) -> int:
        """Number of items that have arrived and were not taken."""
        return self._arrived - self._taken + length_hint(self.ready)

    def arrived(self, state: int, first: int, items: Iterable[Any], size: int) -> None:
        """Items have arrived; those that had arrived before are dropped.

        Args:
            state: State of the stream after them, see ``pyro_core.duplex``.
            first: Number of the first of them.
            items: The items; none for ``FAILED``, whose error is set by the caller.
            size: Bytes of the message.

        Raises:
            ProtocolError: If some are missing, or more came than were allowed.
        """
        fresh = items if type(items) is list else list(items)
        end = first + len(fresh)
        if first > self._arrived or end > max(self._allowed, self._arrived):
            raise ProtocolError(
                f"items {first} to {end} of stream {self.stream_id} arrived, where {self._arrived} "
                f"had arrived and {self._allowed} were allowed",
                expected=self._arrived,
                received=first,
            )
        if first < self._arrived:
            fresh = fresh[self._arrived - first :]
        if fresh:
            self._arrived = end
            self._messages.append((fresh, end, size))
        self._paused = state == PAUSED
        if state in (ENDED, FAILED):
            self.over = True

    def go_on(self) -> bool:
        """Whether an item is there; if those in ``ready`` were taken, it gets those of the next message."""
        if length_hint(self.ready):
            return True
        if not self._messages:
            return False
        items, self._taken, size = self._messages.popleft()
        self._freed_bytes += size
        self.ready = iter(items)
        return True

    def drop(self) -> None:
        """Forget the items that were not taken, also for those who iterate over ``ready`` just now."""
        self._messages.clear()
        deque(self.ready, maxlen=0)

    def credit_due(self) -> Credit | None:
        """What to tell the other end now, if anything. Ask after ``go_on``, and before waiting."""
        if self.over:
            return None
        few_left = 2 * (self._allowed - self._taken) <= WINDOW_ITEMS
        if few_left or 4 * self._freed_bytes >= WINDOW_BYTES or (self._paused and not self._messages):
            return self.renewed()
        return None

    def renewed(self) -> Credit:
        """The credit for where the stream is now, such as for a new connection."""
        self._allowed = self._taken + WINDOW_ITEMS
        self._freed_bytes = 0
        self._paused = False
        return Credit(self.stream_id, self._taken, self._allowed)

    def farewell(self) -> Credit:
        """Tells the other end that no more items are wanted, or that all have arrived."""
        self.over = True
        return Credit(self.stream_id, self._arrived, self._allowed, stop=True)
