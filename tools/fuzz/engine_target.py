"""Fuzz target: a server's engines, in this process and without sockets.

Each run is one connection: a handshake and some messages, well-formed or changed, in pieces. Invariant: the
engine neither fails nor hangs, and says nothing but pongs, refusals, items of streams and answers to calls
that it got; an answer without an exception is what the call must give.
"""

import contextlib
import faulthandler
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

from fuzz import mutations, values
from pyro_core import features, plugins
from pyro_core.bulk import lower_value, split
from pyro_core.calls import StreamHandle
from pyro_core.convert import ClassRules
from pyro_core.duplex import Credit, pack_credit
from pyro_core.framebuffer import FrameBuffer
from pyro_core.names import (
    ANNOTATION_BUFFERS,
    ANNOTATION_DEADLINE,
    ANNOTATION_FEATURES,
    ANNOTATION_ITEMS,
    ANNOTATION_STREAM,
)
from pyro_core.serializer import Serializer
from pyro_core.settings import Limits, ServerSettings
from pyro_core.wire.codec import CODECS
from pyro_core.wire.message import (
    BATCH,
    CANCEL,
    COMPRESSED,
    CONNECT,
    CONNECT_FAIL,
    CONNECT_OK,
    CREDIT,
    EXCEPTION,
    INVOKE,
    ITEMS,
    KEEP_SERIALIZED,
    META_ON_CONNECT,
    ONEWAY,
    PING,
    RESULT,
    STREAM,
    Message,
)
from pyro_server import Daemon, expose
from pyro_server.arriving import ArrivingStream

SAFE: Final = ("serpent", "json", "msgpack")
OBJECT: Final = "fuzzed"
MADE_HERE: Final = "made by the client"
"""Name of the item stream that the client sends."""
HANG_S: Final = 60.0
"""A run that takes longer ends the process, with a traceback."""
ANSWERS: Final = frozenset({RESULT, PING, CONNECT_OK, CONNECT_FAIL, ITEMS, CREDIT, CANCEL})
SPECIAL: Final = frozenset({BATCH, KEEP_SERIALIZED})


@expose
class Fuzzed:
    """What is called."""

    def __init__(self) -> None:
        self._attribute: Any = 1

    @property
    def attribute(self) -> Any:
        """What was set last."""
        return self._attribute

    @attribute.setter
    def attribute(self, value: Any) -> None:
        self._attribute = self.echo(value)

    def echo(self, value: Any) -> Any:
        """Gives what it got; the items of a stream, as nobody could read more of it while they are sent."""
        return list(value) if type(value) is ArrivingStream else value

    def add(self, a: Any, b: Any) -> Any:
        """May fail, as the arguments are anything."""
        return a + b

    def numbers(self, to: int) -> Iterator[int]:
        """A short stream."""
        yield from range(min(to, 20))

    def fail(self, text: str) -> None:
        """Fails."""
        raise ValueError(text)


class Wire:
    """Keeps what an engine says by itself, and has never any news."""

    def __init__(self) -> None:
        self.said: list[bytes] = []

    def send(self, data: Any) -> None:
        self.said.append(joined(data))

    def wait(self, ready: Callable[[float], bool], timeout_s: float) -> bool:
        return ready(0.0)


def joined(data: Any) -> bytes:
    """Bytes, or a list of buffers, as bytes."""
    return b"".join(data) if type(data) is list else bytes(data)


@contextlib.contextmanager
def daemon() -> Iterator[Daemon]:
    """A daemon that serves nobody but the fuzzer."""
    limits = replace(Limits(), max_message_bytes=1 << 16, max_handshake_bytes=1 << 14, max_batch_calls=50,
                     max_streams=8, max_calls_in_flight=20)  # fmt: skip
    with Daemon(ServerSettings(serializers=SAFE, limits=limits, stream_linger_s=0.0)) as made:
        made.register(Fuzzed(), OBJECT)
        yield made


@cache
def serializer_of(version: int, number: int, *, faithful: bool) -> Serializer | None:
    """An accepted one by its number."""
    for name in SAFE:
        made: Serializer = plugins.serializers().load(name)(ClassRules().for_version(version))
        if made.wire_ids.get(version) == number:
            return made.faithful() if faithful else made
    return None


class Writer:
    """Makes what a client might say.

    Args:
        rng: Decides.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.version = rng.choice((48, 502, 502))
        self.codec = CODECS[self.version]
        self.offered = rng.random() < 0.6 and self.version == 502
        names = [n for n in SAFE if self.version in plugins.serializers().load(n).wire_ids]
        name = rng.choice(names)
        plain = plugins.serializers().load(name)(ClassRules().for_version(self.version))
        self.number = plain.wire_ids[self.version]
        self.serializer: Serializer = plain.faithful() if self.offered else plain
        self.plain: Serializer = plain
        self.seq = 0

    def messages(self, count: int) -> list[bytes]:
        """A handshake and so many messages, each as it was meant or not."""
        rng = self.rng
        said = [self.hello(), *(self.message() for _ in range(count))]
        for position, data in enumerate(said):
            if rng.random() < (0.02 if position == 0 else 0.04):
                said[position] = mutations.mutated(rng, data, said)
        if rng.random() < 0.05:
            rng.shuffle(said)
        return said

    def hello(self) -> bytes:
        payload = self.changed(self.plain.encode_value({"handshake": "hello", "object": OBJECT}), 0.05)
        offer = features.offer(features.SUPPORTED) if self.offered else None
        annotations = {} if offer is None else {ANNOTATION_FEATURES: offer}
        return self.codec.pack(CONNECT, self.number, 0, payload, META_ON_CONNECT, annotations)

    def message(self) -> bytes:
        rng = self.rng
        self.seq = (self.seq + 1) & 0xFFFF
        kind = rng.choices((INVOKE, PING, CANCEL, CREDIT, ITEMS, rng.randrange(256)), (80, 4, 4, 6, 4, 2))[0]
        if not self.offered and rng.random() < 0.9:
            kind = INVOKE if kind in (CANCEL, CREDIT, ITEMS) else kind
        seq = self.seq if rng.random() < 0.9 else rng.randrange(1 << 16)
        annotations = {}
        payload, flags = b"", 0
        if kind == INVOKE:
            payload, flags = self.call()
            payload = self.changed(payload, 0.3)
        elif kind in (CREDIT, ITEMS):
            annotations[ANNOTATION_STREAM] = rng.choice((MADE_HERE.encode(), rng.randbytes(8).hex().encode()))
            annotations[ANNOTATION_ITEMS] = rng.choice((bytes(9), b"\2" + bytes(8), rng.randbytes(9)))
            payload = rng.choice(
                (bytes(16) + b"\x20", rng.randbytes(17), self.serializer.encode_value([1, 2]))
            )
        if rng.random() < 0.1:
            flags ^= 1 << rng.randrange(8)
        if rng.random() < 0.1:
            name = rng.choice((ANNOTATION_DEADLINE, ANNOTATION_BUFFERS, ANNOTATION_STREAM, "ABCD"))
            annotations[name] = rng.randbytes(rng.choice((0, 4, 8, 9, 16)))
        number = self.number if rng.random() < 0.95 else rng.randrange(256)
        return self.codec.pack(kind, number, seq, payload, flags, annotations)

    def call(self) -> tuple[bytes, int]:
        """Payload and flags of a call that means something."""
        rng = self.rng
        if rng.random() < 0.1:
            calls: Any = [(*self.target(), {}) for _ in range(rng.choice((0, 1, 5, 60)))]
            return self.serializer.encode_call(OBJECT, "<batch>", calls, {}), BATCH
        method, args = self.target()
        name = rng.choice((OBJECT, OBJECT, OBJECT, OBJECT, "Pyro.Daemon", "nobody"))
        flags = rng.choices((0, ONEWAY, COMPRESSED, KEEP_SERIALIZED), (90, 5, 2, 3))[0]
        return self.serializer.encode_call(name, method, args, {}), flags

    def target(self) -> tuple[str, Sequence[Any]]:
        rng = self.rng
        value = values.faithful_value(rng) if self.offered else values.value(rng)
        if self.offered and rng.random() < 0.05:
            value = StreamHandle(MADE_HERE)
        return rng.choice(
            (("echo", (value,)), ("echo", (value,)), ("add", (1, 2)), ("add", (value, value)),
             ("numbers", (5,)), ("fail", ("text",)), ("__getattr__", ("attribute",)), ("__len__", ()),
             ("__setattr__", ("attribute", value)), ("get_metadata", (OBJECT,)), ("ping", ()), ("info", ()),
             ("get_next_stream_item", ("x",)), ("describe_members", (OBJECT,)), ("__class__", ()))
        )  # fmt: skip

    def changed(self, payload: bytes, chance: float) -> bytes:
        return mutations.mutated(self.rng, payload) if self.rng.random() < chance else payload


class Run:
    """One connection, and what its engine says to it.

    Args:
        host: The daemon's innards.
        rng: Decides in which pieces bytes arrive.
    """

    def __init__(self, host: Any, rng: random.Random) -> None:
        self.engine = host.connection_made("memory", None)
        self.rng = rng
        self.wire = Wire()
        if rng.random() < 0.8:
            self.engine.attach(self.wire)
        self.later: list[bytes] = []  # what the answers give rise to
        self.fed = 0
        self.answers = 0

    def feed(self, said: Sequence[bytes]) -> None:
        """Let everything arrive.

        Raises:
            AssertionError: If the engine says what it must not say.
            Exception: If the engine fails.
        """
        for data in said:
            if self.engine.closing:
                break
            self.fed += 1
            cut = self.rng.randrange(len(data) + 1) if self.rng.random() < 0.1 else len(data)
            for piece in (data[:cut], data[cut:]):
                if piece:
                    self.arrive(piece)
            while self.later and not self.engine.closing:
                self.fed += 1
                self.arrive(self.later.pop())
        self.check(self.engine.output(), None)
        self.engine.close()
        for spoken in self.wire.said:
            self.check(spoken, None)

    def arrive(self, data: bytes) -> None:
        plain = self.engine.plain
        call = plain.take(data) if plain is not None and self.rng.random() < 0.5 else None
        if call is not None:
            version = self.engine.connection.version
            request = next(parsed(data, version))
            self.check(joined(plain.run(*call)), request)
            return
        for work in self.engine.receive(data):
            asked = getattr(work, "message", None)
            self.check(joined(self.engine.run(work)), asked)
        self.check(self.engine.output(), None)

    def check(self, answer: bytes, request: Message | None) -> None:
        """Raises AssertionError if an answer is none."""
        for message in parsed(answer, None):
            self.answers += 1
            assert message.kind in ANSWERS, f"the server said {message!r}"
            if message.kind == RESULT and request is not None and request.kind == INVOKE:
                assert message.seq == request.seq, f"{message!r} answers {request!r}"
                assert not request.flags & ONEWAY, f"{message!r} answers a oneway call"
                self.check_result(message, request)

    def check_result(self, message: Message, request: Message) -> None:
        faithful = features.TYPES in self.engine._session.features
        serializer = serializer_of(message.version, message.serializer_id, faithful=faithful)
        assert serializer is not None, f"an answer in a serializer that is not accepted: {message!r}"
        if message.flags & STREAM and ANNOTATION_STREAM in message.annotations:
            self.take_some(message)
        if message.flags & EXCEPTION:
            serializer.decode_error(message.payload)
            return
        assert message.serializer_id == request.serializer_id
        if b"StreamHandle" in joined(getattr(message.payload, "parts", message.payload)):
            return  # came back as it was, as no stream had been agreed on; clients have no rule for it
        given = read(serializer, message)
        if not any(request.flags & flag for flag in SPECIAL):
            object_id, method, args, kwargs = read_call(serializer, request)
            if object_id == OBJECT and method in ("echo", "add"):
                wanted = getattr(Fuzzed(), method)(*args, **(kwargs or {}))
                assert repr(given) == repr(carried(serializer, wanted)), f"{given!r} instead of {wanted!r}"
        elif request.flags & BATCH and not request.flags & KEEP_SERIALIZED:
            assert message.flags & BATCH
            assert isinstance(given, list)

    def take_some(self, message: Message) -> None:
        """Ask for items of a stream, more or less politely."""
        rng = self.rng
        stream_id = bytes(message.annotations[ANNOTATION_STREAM]).decode("ascii")
        for _ in range(rng.randrange(4)):
            taken, limit = rng.choice(((0, 5), (0, 100), (3, 5), (0, 1 << 63), (50, 2), (5, 0)))
            credit = Credit(stream_id, taken, limit, rng.random() < 0.2)
            self.later.append(pack_credit(CODECS[message.version], credit))


def carried(serializer: Serializer, value: Any) -> Any:
    """What becomes of a value on its way."""
    return serializer.decode_value(serializer.encode_value(value))


def read(serializer: Serializer, message: Message) -> Any:
    """The value in an answer, large pieces put back."""
    beside = message.annotations.get(ANNOTATION_BUFFERS)
    if beside is None:
        return serializer.decode_value(message.payload)
    body, buffers = split(message.payload, beside)
    return lower_value(serializer.decode_value(body), buffers)


def read_call(serializer: Serializer, message: Message) -> Any:
    """The call in a request."""
    beside = message.annotations.get(ANNOTATION_BUFFERS)
    if beside is None:
        return serializer.decode_call(message.payload)
    body, buffers = split(message.payload, beside)
    call = serializer.decode_call(body)
    return call._replace(args=lower_value(call.args, buffers))


def parsed(data: bytes, version: int | None) -> Iterator[Message]:
    """The messages in what a server said: all of it, and no more."""
    if not data:
        return
    buffer = FrameBuffer(version=version, max_message_bytes=1 << 24)
    buffer.feed(data)
    while (message := buffer.next()) is not None:
        yield message
    assert not buffer.mid_message, f"half a message was said: {data[-80:]!r}"


def run(rng: random.Random, count: int, report: Callable[[int, int], object] = lambda fed, got: None) -> int:
    """Push at least so many messages through engines; gives how many answers came.

    Args:
        rng: Decides everything.
        count: Messages.
        report: Gets the numbers of messages and answers after each connection.

    Raises:
        AssertionError: If the invariant is broken; a note tells the seed of the connection.
    """
    fed = answers = 0
    with daemon() as served:
        host = served._host
        while fed < count:
            seed = rng.getrandbits(64)
            own = random.Random(seed)
            said = Writer(own).messages(own.randrange(1, 30))
            connection = Run(host, own)
            faulthandler.dump_traceback_later(HANG_S, exit=True)
            try:
                connection.feed(said)
            except BaseException as error:
                error.add_note(f"in the connection with the seed {seed}")
                raise
            finally:
                faulthandler.cancel_dump_traceback_later()
            assert not host.streams, f"streams are left behind by the connection with the seed {seed}"
            fed += connection.fed
            answers += connection.answers
            report(fed, answers)
    return answers
