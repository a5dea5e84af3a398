"""Several calls of one object in one message, which saves the waiting between them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from operator import length_hint
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, overload

from pyro_client.proxy import Proxy
from pyro_client.revocable import Revocable
from pyro_core.calls import StreamHandle
from pyro_core.convert import BatchFailure
from pyro_core.errors import ProtocolError
from pyro_core.names import BATCH_METHOD
from pyro_core.outcomes import as_error, disguised
from pyro_core.wire.message import BATCH, ONEWAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyro_client.async_batches import AsyncBatch
    from pyro_client.async_channel import AsyncChannel
    from pyro_client.async_proxy import AsyncProxy
    from pyro_client.channel import Channel
    from pyro_client.control import Control
    from pyro_client.futures import Future
    from pyro_client.profile_control import ProfileControl

BatchCall = list[Any]
"""Method, list of arguments, and keyword arguments or None.

Lists, because faithful serializers say of a tuple that it is one.
"""


@overload
def batch(proxy: Proxy) -> Batch: ...
@overload
def batch(proxy: AsyncProxy) -> AsyncBatch: ...
def batch(proxy: Any) -> Any:
    """An empty batch of calls of a proxy's object.

    Args:
        proxy: A ``Proxy`` or an ``AsyncProxy``; the batch uses its connection.

    Raises:
        TypeError: If it is something else.
    """
    if isinstance(proxy, Proxy):
        return Batch(proxy._pyro)
    from pyro_client.async_batches import AsyncBatch
    from pyro_client.async_proxy import AsyncProxy

    if isinstance(proxy, AsyncProxy):
        return AsyncBatch(proxy._pyro)
    raise TypeError(f"a batch is made of a Proxy or an AsyncProxy, got {proxy!r:.120}")


class CallList:
    """Takes down calls instead of making them: what batches of both kinds of proxies have in common.

    Args:
        control: Knows the members of the object.
    """

    # The methods that were called are in the dict, where Python finds them by itself.
    __slots__ = ("__dict__", "_calls", "_known")

    def __init__(self, control: ProfileControl) -> None:
        self._known = control
        self._calls: list[BatchCall] = []

    def _pyro_call(self, method: str, /, *args: Any, **kwargs: Any) -> None:
        """Add a call by the method's name, also where the batch has something else under that name.

        Raises:
            AttributeError: If the members of the object are known, and this is none of its methods.
        """
        self._known._check_method(method)
        self._calls.append([method, [*args], kwargs or None])

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(f"{name!r} is private: only public names can be remote members", name=name)
        self._known._check_method(name)

        append = self._calls.append

        def add(*args: Any, **kwargs: Any) -> None:
            append([name, [*args], kwargs or None])

        add.__name__ = name
        add.__qualname__ = f"{type(self).__name__}.{name}"
        self.__dict__[name] = add
        return add

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self._known.metadata.methods})

    def __len__(self) -> int:
        return len(self._calls)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        number = len(self._calls)
        kind = f"{type(self).__module__}.{type(self).__qualname__}"
        return f"<{kind} of {number} call{'' if number == 1 else 's'} for {self._known.uri}>"

    def _take(self) -> list[BatchCall]:
        """The calls, which the batch forgets."""
        calls = self._calls[:]
        self._calls.clear()
        self.__dict__.clear()  # what the object offers may be known by the next time
        return calls


class Batch(CallList):
    """Calls of one object that are sent together and executed one after the other.

    ``b.method(1)`` only takes down the call. ``b()`` sends them all and gives an iterator of the results, in
    order; where a call failed it raises what that call raised, and ends: the calls after it were not
    executed. Afterwards the batch is empty and can be used again. ``with batch(proxy) as b:`` sends at the
    end of the block, unless that ends with an exception, and leaves the iterator in ``b.results``.

    A name that the object does not have is an ``AttributeError`` at once if the proxy knows the members,
    which it does after its first call; else ``b()`` raises it, and nothing was executed. A batch is never
    repeated, whatever ``max_retries`` says. It belongs to one thread.

    Args:
        control: That of the proxy (``proxy._pyro``).

    Attributes:
        results: Of the last ``with`` block; None before.
    """

    __slots__ = ("_channel", "_control", "results")

    def __init__(self, control: Control) -> None:
        super().__init__(control)
        self._control = control
        self._channel = control._channel
        self.results: Iterator[Any] | None = None

    @overload
    def __call__(self, *, oneway: Literal[False] = False) -> Iterator[Any]: ...
    @overload
    def __call__(self, *, oneway: Literal[True]) -> None: ...
    def __call__(self, *, oneway: bool = False) -> Iterator[Any] | None:
        """Send the calls.

        Args:
            oneway: Do not wait for them: no result, and no error, ever comes back.

        Returns:
            An iterator of the results; None if ``oneway``.

        Raises:
            AttributeError: If a method does not exist; nothing was executed.
            CommunicationError: If the connection failed.
            SerializeError: If an argument cannot travel; nothing was sent.
        """
        calls = self._take()
        if oneway:
            if calls:
                self._channel.invoke(BATCH_METHOD, calls, None, flags=BATCH | ONEWAY, max_retries=0)
            return None
        return _send(self._channel, calls)

    def submit(self) -> Future[Iterator[Any]]:
        """Send the calls from another thread; gives a future of the iterator of the results."""
        calls = self._take()
        revocable = Revocable()
        return self._control._submitted(lambda: _send(self._channel, calls, revocable), revocable)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        calls = self._take()
        if kind is None:
            self.results = _send(self._channel, calls)

    def __copy__(self) -> Batch:
        twin = Batch(self._control)
        twin._calls = copy(self._calls)
        return twin


def _send(channel: Channel, calls: list[BatchCall], revocable: Revocable | None = None) -> Iterator[Any]:
    results: list[Any] = []
    if calls:
        results = channel.invoke(BATCH_METHOD, calls, None, flags=BATCH, max_retries=0, revocable=revocable)
    return Results(channel, checked_results(results, len(calls)))


_SPECIAL = frozenset({StreamHandle, BatchFailure})


class Results:
    """The results of a batch, in order; may be iterated once.

    Args:
        channel: Opens the item streams among them.
        results: What the server sent.
    """

    __slots__ = ("_channel", "_plain", "_rest")

    def __init__(self, channel: Channel | AsyncChannel, results: list[Any]) -> None:
        self._channel = channel
        self._rest = iter(results)
        self._plain = _SPECIAL.isdisjoint(map(type, results))

    def __iter__(self) -> Iterator[Any]:
        return self._rest if self._plain else self

    def __next__(self) -> Any:
        result = next(self._rest)
        if type(result) is StreamHandle:
            return self._channel.open_stream(result)
        if type(result) is BatchFailure:
            _raise(result.error)
        return result

    def __length_hint__(self) -> int:
        return length_hint(self._rest)

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__qualname__}: {length_hint(self._rest)} to come>"


def checked_results(results: Any, number: int) -> list[Any]:
    """The same results, if they can be those of so many calls.

    Raises:
        ProtocolError: If there are more, or fewer although none failed.
    """
    if isinstance(results, list | tuple):
        failed = bool(results) and type(results[-1]) is BatchFailure
        if len(results) == number or (failed and len(results) < number):
            return results if isinstance(results, list) else list(results)
    size = len(results) if isinstance(results, list | tuple) else type(results).__name__
    raise ProtocolError(
        f"the answer to a batch of {number} calls must be a list of {number} results, got {size}",
        expected=number,
        received=size,
    )


def _raise(error: BaseException) -> NoReturn:
    # A StopIteration would look like the end of the results.
    raise disguised(error) if isinstance(error, StopIteration | StopAsyncIteration) else as_error(error)
