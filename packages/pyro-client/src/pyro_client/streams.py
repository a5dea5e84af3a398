"""Iterators whose items are made by a method on the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyro_core.calls import StreamHandle
from pyro_core.errors import CommunicationError, PyroError, SerializeError
from pyro_core.names import DAEMON_ID, NEXT_ITEM
from pyro_core.wire.message import ONEWAY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final, Protocol, Self

    class _Caller(Protocol):
        @property
        def connected(self) -> bool: ...

        def invoke(
            self,
            method: str,
            args: Sequence[Any],
            kwargs: Mapping[str, Any] | None,
            *,
            flags: int = 0,
            object_id: str | None = None,
        ) -> Any: ...


CLOSE: Final = "close_stream"


class RemoteIterator:
    """Iterates over what a remote generator yields; each item is one call.

    Ends when the remote iterator ends. The server keeps a stream for a while when the connection is lost, so
    that iterating may go on over a new one; it forgets the stream at once after ``close()``.

    Args:
        caller: Makes the calls.
        handle: What the server called the stream.

    Raises:
        PyroError: If the server does not allow streams.
    """

    def __init__(self, caller: _Caller, handle: StreamHandle) -> None:
        self._caller = caller
        self._stream_id: str | None = checked_id(handle)

    @property
    def stream_id(self) -> str | None:
        """The server's name for the stream; None when it has ended or was closed."""
        return self._stream_id

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        if self._stream_id is None:
            raise StopIteration
        try:
            return self._caller.invoke(NEXT_ITEM, (self._stream_id,), {}, object_id=DAEMON_ID)
        except (CommunicationError, SerializeError):
            raise  # the stream itself is unharmed
        except Exception:  # its end, or what the remote generator raised; either way it is gone there
            self._stream_id = None
            raise

    def close(self) -> None:
        """Tell the server that no more items are wanted. May be called more than once."""
        stream_id, self._stream_id = self._stream_id, None
        if stream_id is not None and self._caller.connected:
            self._caller.invoke(CLOSE, (stream_id,), {}, flags=ONEWAY, object_id=DAEMON_ID)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def checked_id(handle: StreamHandle) -> str:
    """The id of a stream.

    Raises:
        PyroError: If there is none, because the server does not allow streams.
    """
    if handle.stream_id is None:
        raise PyroError(
            "result of call is an iterator, but the server is not configured to allow streaming; "
            "return a list there, or turn its setting 'streaming' on"
        )
    return handle.stream_id
