"""The short way of a usual call: what it needs is looked up once, and shared by all connections alike."""

from typing import TYPE_CHECKING, Any, Final

from pyro_core.context import CallContext, Caller, enter_call, leave_call
from pyro_core.serializer import CALL_PARTS, SEQUENCES, Serializer, as_call
from pyro_core.wire.message import INVOKE, Message
from pyro_server.requests import Request

if TYPE_CHECKING:
    from pyro_core.wire.plain import PackPlain, TakePlain
    from pyro_server.engine import ServerEngine
    from pyro_server.host import DaemonHost

_AS_THEY_ARE: Final = frozenset({type(None), bool, int, float, str})
"""Types of results that need nothing but to be encoded. Others may be awaited, streamed, or sent beside."""


class PlainCalls:
    """The plain calls (see ``pyro_core.wire.plain``) of one connection; a ``pyro_core.transport.Plain``.

    Args:
        engine: Does what is unusual after all.
        take: Gives number and payload of a plain call.
        caller: Whose calls they are.
    """

    __slots__ = ("caller", "engine", "requests", "take")

    def __init__(self, engine: "ServerEngine", take: "TakePlain", caller: Caller) -> None:
        self.engine = engine
        self.take = take
        self.caller = caller
        self.requests = engine.under_way

    def run(self, seq: int, payload: bytes) -> Any:
        """Run a call; gives the answer."""
        raise NotImplementedError


def plain_calls(
    host: "DaemonHost",
    serializer: Serializer,
    serializer_id: int,
    pack: "PackPlain",
    most_bytes: int,
    max_calls: int,
) -> type[PlainCalls]:
    """What runs plain calls: with all that does not depend on the connection looked up already.

    Args:
        host: The daemon's innards.
        serializer: Of calls and results.
        serializer_id: Its number.
        pack: Makes the RESULT.
        most_bytes: Up to this size a result needs no more care.
        max_calls: So many calls of a shared connection may be under way.
    """
    by_id, other = host.objects.by_id, host.dispatcher.call
    unchecked = type(serializer).decode_call is Serializer.decode_call
    decode = serializer.decode_value if unchecked else serializer.decode_call
    encode_value = serializer.encode_value

    def message_of(calls: PlainCalls, seq: int, payload: bytes) -> Message:
        return Message(INVOKE, serializer_id, seq, payload, version=calls.caller.version)

    def run(self: PlainCalls, seq: int, payload: bytes) -> Any:
        requests = self.requests
        if host.draining or (requests is not None and len(requests) >= max_calls):
            return self.engine.run(self.engine.admit(message_of(self, seq, payload)))
        context = CallContext(self.caller, seq)
        if requests is not None:
            requests[seq] = context
        token = enter_call(context)
        try:
            call = decode(payload)
            if unchecked and (
                type(call) not in SEQUENCES
                or len(call) != CALL_PARTS
                or type(call[0]) is not str
                or type(call[1]) is not str
                or type(call[2]) not in SEQUENCES
                or (call[3] is not None and type(call[3]) is not dict)
            ):
                as_call(call, serializer.name)  # says what is wrong with it
            object_id, method, args, kwargs = call
            context.object_id = object_id
            context.method = method
            entry = by_id.get(object_id)
            function = None if entry is None else entry.bound.get(method)
            if function is None:
                result = other(object_id, method, args, kwargs, self.engine.connection.sessions)
            else:
                result = function(*args, **kwargs) if kwargs else function(*args)
            if type(result) in _AS_THEY_ARE and context.adds_nothing:
                encoded = encode_value(result)
                if len(encoded) <= most_bytes:
                    return pack(seq, encoded)
            held = [result]
            del result  # the engine looks whether anybody else has it
            work = Request(message_of(self, seq, payload), False)
            return self.engine.complete(work, serializer, context, held.pop())
        except BaseException as error:
            return self.engine.failed(message_of(self, seq, payload), serializer, error, context)
        finally:
            leave_call(token)
            if requests is not None:
                requests.pop(seq, None)

    return type("PlainCalls", (PlainCalls,), {"__slots__": (), "run": run})
