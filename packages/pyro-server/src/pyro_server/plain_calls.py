"""The short way of a usual call: what it needs is looked up once per connection."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pyro_core.bulk import stays_whole
from pyro_core.context import CallContext, Caller, enter_call, leave_call
from pyro_core.serializer import Serializer, check_call
from pyro_core.uri import URI
from pyro_core.wire.message import INVOKE, Message
from pyro_server.requests import Request

if TYPE_CHECKING:
    from pyro_core.wire.plain import PackPlain, TakePlain
    from pyro_core.wire.plain import PlainCalls as TakeSome
    from pyro_server.engine import ServerEngine

AS_THEY_ARE: Final = frozenset({type(None), bool, int, float, str, URI})
"""Types of results that need nothing but to be encoded. Others may be awaited, streamed, or sent beside."""
CONTAINERS: Final = frozenset({list, tuple, dict})
"""Types of results whose elements may be sent beside."""


class PlainCalls:
    """The plain calls (see ``pyro_core.wire.plain``) of one connection; a ``pyro_core.transport.Plain``.

    Attributes:
        take: Gives number and payload of a plain call.
        run: Runs it.
        take_some: Gives numbers and payloads of all at the beginning of some bytes.
        parts: What ``runner`` was given, for others who run them.
    """

    __slots__ = ("parts", "run", "take", "take_some")

    def __init__(self, take: "TakePlain", take_some: "TakeSome", *parts: Any) -> None:
        self.take = take
        self.take_some = take_some
        self.run = runner(*parts)
        self.parts = parts

    def admit(self, seq: int, payload: bytes) -> Request:
        """A plain call as the work that ``Engine.receive`` would have made of it."""
        engine, _, serializer_id, *_ = self.parts
        message = Message(INVOKE, serializer_id, seq, payload, version=engine.connection.version)
        request: Request = engine.admit(message)
        return request


def runner(
    engine: "ServerEngine", serializer: Serializer, serializer_id: int, pack: "PackPlain", most_bytes: int
) -> Callable[[int, bytes], Any]:
    """What runs plain calls: number and payload -> answer.

    Args:
        engine: That of the connection, which does what is unusual after all.
        serializer: Of calls and results.
        serializer_id: Its number.
        pack: Makes the RESULT.
        most_bytes: Up to this size a result needs no more care.
    """
    host, connection, version = engine.host, engine.connection, engine.connection.version
    name = serializer.name
    caller = Caller(connection, host.daemon, connection.peer, name, version)
    sessions, requests, max_calls = connection.sessions, engine.under_way, engine.max_calls
    by_id, other = host.dispatcher.unguarded, host.dispatcher.call
    unchecked = type(serializer).decode_call is Serializer.decode_call
    decode = serializer.decode_value if unchecked else serializer.decode_call
    encode_value = serializer.encode_value
    message_of = partial(Message, INVOKE, serializer_id, version=version)

    def run(seq: int, payload: bytes) -> Any:
        if host.draining or (requests is not None and len(requests) >= max_calls):
            return engine.run(engine.admit(message_of(seq, payload)))
        context = CallContext(caller, seq)
        if requests is not None:
            requests[seq] = context
        token = enter_call(context)
        try:
            call = decode(payload)
            if unchecked:
                check_call(call, name)
            object_id, method, args, kwargs = call
            context.object_id, context.method = object_id, method
            entry = by_id.get(object_id)
            function = None if entry is None else entry.bound.get(method)
            if function is None:
                result = other(object_id, method, args, kwargs, sessions)
            else:
                result = function(*args, **kwargs) if kwargs else function(*args)
            kind = type(result)
            is_whole = kind in AS_THEY_ARE or (kind in CONTAINERS and stays_whole(result))
            if is_whole and context.adds_nothing:
                encoded = encode_value(result)
                if len(encoded) <= most_bytes:
                    return pack(seq, encoded)
                return engine.answers.value(message_of(seq, payload), encoded, 0, context)
            held = [result]
            del result  # the engine looks whether anybody else has it
            work = Request(message_of(seq, payload), False)
            return engine.complete(work, serializer, context, held.pop())
        except BaseException as error:
            return engine.failed(message_of(seq, payload), serializer, error, context)
        finally:
            leave_call(token)
            if requests is not None:
                requests.pop(seq, None)

    return run
