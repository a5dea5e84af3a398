"""A client in memory: what it sends goes straight into the engine of a daemon, without a socket."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pyro_core import plugins
from pyro_core.calls import Blob
from pyro_core.client_session import ClientSession
from pyro_core.context import current_call
from pyro_core.convert import ClassRules
from pyro_core.errors import CommunicationError, ConnectionClosedError, SerializeError
from pyro_core.events import Accepted, Refused, ReplyArrived
from pyro_core.names import BATCH_METHOD, DAEMON_ID
from pyro_core.settings import Limits
from pyro_core.wire.message import BATCH, EXCEPTION, META_ON_CONNECT, ONEWAY, Message
from pyro_core.wire.refusal import decode_reason
from pyro_server import callback, expose, oneway
from pyro_server.daemon import Daemon

FAILURES = [
    SystemExit("bye"),
    KeyboardInterrupt("stop"),
    GeneratorExit(),
    ConnectionClosedError("a nested call failed"),
    CommunicationError("so did another"),
    SerializeError("odd"),
    ZeroDivisionError("division by zero"),
]


@expose
class Thing:
    def __init__(self) -> None:
        self.log: list[Any] = []
        self._value = 1

    def add(self, a: int, b: int) -> int:
        return a + b

    def echo(self, value: Any) -> Any:
        return value

    def fail(self, number: int) -> None:
        raise FAILURES[number]

    def deep(self) -> None:
        try:
            {}["missing"]
        except KeyError as problem:
            raise ValueError("outer") from problem

    def note(self, text: str) -> None:
        self.log.append(text)

    @oneway
    def note_oneway(self, text: str) -> str:
        self.log.append(text)
        return "ignored"

    @callback
    def report(self) -> None:
        raise RuntimeError("reported")

    def unserializable(self) -> object:
        return object

    def many(self, size: int) -> str:
        return "x" * size

    def items(self) -> Iterator[str]:
        try:
            yield from ("one", "two")
        finally:
            self.log.append("finished")

    def failing_items(self) -> Iterator[int]:
        yield 1
        raise ZeroDivisionError("in the stream")

    def views(self) -> Any:
        return {"a": 1}

    @property
    def value(self) -> int:
        return self._value

    @value.setter
    def value(self, value: int) -> None:
        self._value = value

    @property
    def streamed(self) -> Iterator[int]:
        return iter([1, 2])

    def annotate(self, value: bytes | None = None) -> None:
        if value is None:
            current_call().response_annotations = {"MINE": b"reply"}
        else:
            current_call().response_annotations["MINE"] = b"x"

    def bad_annotation(self, key: str) -> None:
        current_call().response_annotations = {key: b"x"}

    def context(self) -> dict[str, Any]:
        call = current_call()
        return {
            "object": call.object_id,
            "method": call.method,
            "serializer": call.serializer,
            "version": call.version,
            "seq": call.seq,
            "address": call.client_address,
            "annotations": {key: value.decode() for key, value in call.annotations.items()},
        }

    def correlation(self) -> str:
        return str(current_call().correlation_id)

    def itself(self) -> "Thing":
        return self

    def blob(self, blob: Blob) -> list[Any]:
        return [blob.info, blob.deserialized()]

    def kind_of(self, value: Any) -> str:
        return type(value).__name__


class Caller:
    """One client of a daemon, in memory."""

    def __init__(
        self, daemon: Daemon, *, version: int = 502, serializer: str = "json", require_handshake: bool = True
    ) -> None:
        self.daemon = daemon
        self.version = version
        self.serializer = plugins.serializers().load(serializer)(ClassRules().for_version(version))
        self.serializer_id: int = self.serializer.wire_ids[version]
        self.session = ClientSession(version=version, limits=Limits(), require_handshake=require_handshake)
        self.engine: Any = daemon._host.connection_made("memory", None)

    def connect(
        self, object_id: str = "thing", *, handshake: Any = "hello", flags: int = META_ON_CONNECT, **more: Any
    ) -> Any:
        """Shake hands; gives the decoded answer, or the text of the refusal."""
        payload = self.serializer.encode_value({"handshake": handshake, "object": object_id})
        self.send(self.session.connect(self.serializer_id, payload, flags=flags, **more))
        (event,) = self.session.events()
        if isinstance(event, Accepted):
            return self.serializer.decode_value(event.message.payload)
        assert isinstance(event, Refused), event
        if event.serializer_id == self.serializer_id:
            return self.serializer.decode_value(event.reason_payload)
        return decode_reason(event.reason_payload)

    def send(self, data: bytes) -> None:
        """Let bytes arrive at the server, run what they ask for, and take the answers."""
        for work in self.engine.receive(data):
            self.session.receive_data(self.engine.run(work))
        self.session.receive_data(self.engine.output())

    def invoke(
        self,
        method: str,
        args: Any = (),
        kwargs: Any = None,
        *,
        object_id: str = "thing",
        flags: int = 0,
        serializer: Any = None,
        **more: Any,
    ) -> Message | None:
        """Make a call; gives the reply, None if there was none."""
        serializer = serializer or self.serializer
        payload = serializer.encode_call(object_id, method, args, kwargs)
        self.send(self.session.call(serializer.wire_ids[self.version], payload, flags, **more))
        events = self.session.events()
        if not events:
            return None
        (event,) = events
        assert isinstance(event, ReplyArrived), event
        return event.message

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the object ``thing``; gives its value or raises its exception."""
        return self.value(self.invoke(method, args, kwargs))

    def ask_daemon(self, method: str, *args: Any) -> Any:
        """Call a method of the daemon's own object."""
        return self.value(self.invoke(method, args, {}, object_id=DAEMON_ID))

    def batch(self, *calls: Any, flags: int = 0) -> Any:
        """Send calls as a batch; gives the results."""
        return self.value(self.invoke(BATCH_METHOD, list(calls), None, flags=BATCH | flags))

    def oneway(self, method: str, *args: Any) -> None:
        """Call a method without waiting."""
        assert self.invoke(method, args, {}, flags=ONEWAY) is None

    def value(self, reply: Message | None) -> Any:
        """What a reply holds; raises if that is an exception."""
        assert reply is not None, "there was no reply"
        value = self.serializer.decode_value(reply.payload)
        if reply.flags & EXCEPTION:
            raise value
        return value

    def close(self) -> None:
        """Disconnect."""
        self.engine.close()


@pytest.fixture
def make_daemon() -> Iterator[Callable[..., Daemon]]:
    """Makes daemons that are closed in the end; nobody serves their sockets."""
    daemons: list[Daemon] = []

    def make(cls: type[Daemon] = Daemon, **settings: Any) -> Daemon:
        daemons.append(cls(**settings))
        return daemons[-1]

    yield make
    for daemon in daemons:
        daemon.close()


@pytest.fixture
def connect(make_daemon: Callable[..., Daemon]) -> Callable[..., Caller]:
    """Registers an object as ``thing`` in a daemon and connects a client to it."""

    def connected(thing: Any, daemon: Daemon | None = None, **more: Any) -> Caller:
        daemon = daemon or make_daemon()
        if "thing" not in daemon.objects:
            daemon.register(thing, "thing")
        caller = Caller(daemon, **more)
        caller.connect()
        return caller

    return connected


@pytest.fixture
def caller() -> type[Caller]:
    """The class, for tests that shake hands themselves."""
    return Caller


@pytest.fixture
def failures() -> list[BaseException]:
    """What ``thing.fail(number)`` raises."""
    return FAILURES


@pytest.fixture
def thing() -> Thing:
    """An object with every kind of member."""
    return Thing()


@pytest.fixture
def client(connect: Any, thing: Thing) -> Caller:
    """A client that is connected to ``thing``."""
    return connect(thing)  # type: ignore[no-any-return]
