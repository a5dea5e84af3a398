"""The short way of a usual call: what it needs is looked up once, and shared by all connections alike."""

from typing import TYPE_CHECKING, Any, ClassVar, Final

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
    from pyro_server.host import DaemonHost

    Shared = tuple[Serializer, int, PackPlain, int]
    """Serializer of calls and results, its number, what makes a RESULT, and up to what size it may."""

AS_THEY_ARE: Final = frozenset({type(None), bool, int, float, str, URI})
"""Types of results that need nothing but to be encoded. Others may be awaited, streamed, or sent beside."""
CONTAINERS: Final = frozenset({list, tuple, dict})
"""Types of results whose elements may be sent beside."""


class PlainCalls:
    """The plain calls (see ``pyro_core.wire.plain``) of one connection; a ``pyro_core.transport.Plain``.

    Args:
        engine: Does what is unusual after all.
        take: Gives number and payload of a plain call.
        take_some: Gives numbers and payloads of all at the beginning of some bytes.
        caller: Whose calls they are.

    Class attributes:
        shared: What connections have in common; for others who run them.
    """

    __slots__ = ("caller", "engine", "requests", "take", "take_some")
    shared: ClassVar["Shared"]

    def __init__(
        self, engine: "ServerEngine", take: "TakePlain", take_some: "TakeSome", caller: Caller
    ) -> None:
        self.engine = engine
        self.take = take
        self.take_some = take_some
        self.caller = caller
        self.requests = engine.under_way

    def run(self, seq: int, payload: bytes) -> Any:
        """Run a call; gives the answer."""
        raise NotImplementedError

    def message(self, seq: int, payload: bytes) -> Message:
        """The message that a plain call was."""
        return Message(INVOKE, self.shared[1], seq, payload, version=self.caller.version)

    def admit(self, seq: int, payload: bytes) -> Request:
        """A plain call as the work that ``Engine.receive`` would have made of it."""
        return self.engine.admit(self.message(seq, payload))  # type: ignore[return-value]  # it has no number


def plain_calls(host: "DaemonHost", shared: "Shared", max_calls: int) -> type[PlainCalls]:
    """What runs plain calls: with all that does not depend on the connection looked up already.

    Args:
        host: The daemon's innards.
        shared: As in ``PlainCalls``.
        max_calls: So many calls of a shared connection may be under way.
    """
    serializer, _, pack, most_bytes = shared
    by_id, other = host.dispatcher.unguarded, host.dispatcher.call
    unchecked = type(serializer).decode_call is Serializer.decode_call
    decode = serializer.decode_value if unchecked else serializer.decode_call
    encode_value, name = serializer.encode_value, serializer.name

    def run(self: PlainCalls, seq: int, payload: bytes) -> Any:
        requests = self.requests
        if host.draining or (requests is not None and len(requests) >= max_calls):
            return self.engine.run(self.engine.admit(self.message(seq, payload)))
        context = CallContext(self.caller, seq)
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
                result = other(object_id, method, args, kwargs, self.engine.connection.sessions)
            else:
                result = function(*args, **kwargs) if kwargs else function(*args)
            kind = type(result)
            is_whole = kind in AS_THEY_ARE or (kind in CONTAINERS and stays_whole(result))
            if is_whole and context.adds_nothing:
                encoded = encode_value(result)
                if len(encoded) <= most_bytes:
                    return pack(seq, encoded)
                return self.engine.answers.value(self.message(seq, payload), encoded, 0, context)
            held = [result]
            del result  # the engine looks whether anybody else has it
            work = Request(self.message(seq, payload), False)
            return self.engine.complete(work, serializer, context, held)
        except BaseException as error:
            return self.engine.failed(self.message(seq, payload), serializer, error, context)
        finally:
            leave_call(token)
            if requests is not None:
                requests.pop(seq, None)

    return type("PlainCalls", (PlainCalls,), {"__slots__": (), "shared": shared, "run": run})
