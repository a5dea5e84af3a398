"""Fuzzer of valid conversations: random things that clients do, each with the answer that a model predicts.

One conversation is one client: blocking or asyncio, with one of the serializers, against one kind of server,
over real sockets. The seed decides everything, except how threads take turns.
"""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fuzz import values
from fuzz.faces import Awaiting, Blocking, Face
from pyro_client import AsyncProxy, Proxy
from pyro_core.context import current_call
from pyro_core.errors import TimeoutError
from pyro_core.settings import ClientSettings, ServerSettings
from pyro_core.uri import URI
from pyro_server import Daemon, expose, oneway

SERIALIZERS: Final = ("serpent", "json", "msgpack", "marshal", "pickle")
PATIENCE_S: Final = 20.0
SHORT_S: Final = 0.05
OBJECTS: Final = 64


@expose
class Ledger:
    """The object of one client."""

    def __init__(self) -> None:
        self._total = 0
        self._noted = 0
        self._kept: Any = None
        self._lock = threading.Lock()

    @property
    def kept(self) -> Any:
        """What was set last."""
        return self._kept

    @kept.setter
    def kept(self, value: Any) -> None:
        self._kept = value

    def begin(self) -> None:
        """A new client begins."""
        self._total = self._noted = 0
        self._kept = None

    def add(self, number: int) -> int:
        """Add to the total; gives it."""
        self._total += number
        return self._total

    def echo(self, value: Any, *, twice: bool = False) -> Any:
        """Gives what it got."""
        return [value, value] if twice else value

    def fail(self, text: str) -> None:
        """Fails."""
        raise ValueError(text)

    @oneway
    def note(self, number: int) -> None:
        """Count something, without an answer."""
        with self._lock:
            self._noted += number

    def noted(self) -> int:
        """What was counted."""
        return self._noted

    def numbers(self, to: int, problem: str) -> Iterator[int]:
        """A stream that ends well or not."""
        yield from range(to)
        if problem:
            raise ValueError(problem)

    def total_of(self, numbers: Any) -> int:
        """Takes a stream."""
        return sum(numbers)

    def call(self, back: Any, value: Any) -> Any:
        """Calls the client back."""
        return back(value)

    def wait(self) -> None:
        """Ends when it is cancelled."""
        over = threading.Event()
        current_call().when_cancelled(over.set)
        over.wait(PATIENCE_S)
        current_call().raise_if_cancelled()


@dataclass
class Model:
    """What the answers must be.

    Attributes:
        rng: Decides what is done.
        face: Does it.
        cancels: Whether the server can take calls back.
        modest: Do only what stock peers do, too.
        total: That of the object.
        noted: What it has counted, once all oneway calls have run.
        kept: Its attribute.
        done: Number of things done.
    """

    rng: random.Random
    face: Face
    cancels: bool
    modest: bool
    total: int = 0
    noted: int = 0
    kept: Any = None
    done: int = 0
    story: list[str] = field(default_factory=list)

    async def talk(self, steps: int) -> None:
        """Do so many things. Raises AssertionError if an answer is not the predicted one."""
        await self.face.call("begin")
        ways: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (
            self.add, self.add, self.echo, self.echo, self.large, self.fail, self.note, self.attribute,
            self.batch, self.stream_down, self.reconnect, self.wrong_name,
            *(() if self.modest else (self.stream_up, self.call_back, self.give_up)),
        )  # fmt: skip
        for _ in range(steps):
            way = self.rng.choice(ways)
            self.story.append(way.__name__)
            await way()
            self.done += 1
        until = time.monotonic() + PATIENCE_S
        while (noted := await self.face.call("noted")) != self.noted:
            assert time.monotonic() < until, f"of {self.noted} oneway calls {noted} were run"

    def value(self) -> Any:
        """A value that comes back as it was."""
        return values.value(self.rng) if self.modest else values.faithful_value(self.rng)

    async def add(self) -> None:
        number = self.rng.randrange(-100, 100)
        self.total += number
        equal(await self.face.call("add", number), self.total)

    async def echo(self) -> None:
        value = self.value()
        if self.rng.random() < 0.2:
            equal(await self.face.call("echo", value, twice=True), [value, value])
        else:
            equal(await self.face.call("echo", value), value)

    async def large(self) -> None:
        size = self.rng.choice((70_000, 300_000))
        value = values.text(self.rng, 9) * (size // 9) if self.modest else self.rng.randbytes(size)
        equal(await self.face.call("echo", value), value)

    async def fail(self) -> None:
        text = values.text(self.rng)
        try:
            await self.face.call("fail", text)
        except ValueError as problem:
            equal(problem.args, (text,))
        else:
            raise AssertionError("fail() gave an answer")

    async def note(self) -> None:
        for _ in range(self.rng.randrange(1, 4)):
            self.noted += 1
            equal(await self.face.call("note", 1), None)

    async def attribute(self) -> None:
        if self.rng.random() < 0.5:
            self.kept = self.value()
            await self.face.set("kept", self.kept)
        equal(await self.face.get("kept"), self.kept)

    async def batch(self) -> None:
        calls: list[tuple[str, tuple[Any, ...]]] = []
        wanted: list[Any] = []
        for _ in range(self.rng.randrange(1, 8)):
            if wanted and self.rng.random() < 0.1:
                calls.append(("fail", ("enough",)))
                wanted.append("enough")
                break
            if self.rng.random() < 0.5:
                self.total += 1
                calls.append(("add", (1,)))
                wanted.append(self.total)
            else:
                value = self.value()
                calls.append(("echo", (value,)))
                wanted.append(value)
        equal(await self.face.batch(calls), wanted)

    async def stream_down(self) -> None:
        size = self.rng.choice((0, 1, 10, 500, 3000))
        problem = self.rng.choice(("", "", "in the end"))
        most = self.rng.choice((1, 7, 100_000))
        items = await self.face.call("numbers", size, problem)
        wanted: list[Any] = [*range(size), *([problem] if problem else [])]
        got = await self.face.take(items, most)
        equal(got, wanted[:most] if most <= size else wanted)

    async def stream_up(self) -> None:
        size = self.rng.choice((0, 1, 10, 2000))
        equal(await self.face.call("total_of", iter(range(size))), sum(range(size)))

    async def call_back(self) -> None:
        value = self.value()
        reference = await self.face.offer(lambda given: [given])
        equal(await self.face.call("call", reference, value), [value])

    async def give_up(self) -> None:
        if not self.cancels:
            return
        await self.face.patience(SHORT_S)
        try:
            await self.face.call("wait")
        except TimeoutError:
            pass
        else:
            raise AssertionError("wait() gave an answer")
        finally:
            await self.face.patience(PATIENCE_S)

    async def reconnect(self) -> None:
        await self.face.reconnect()

    async def wrong_name(self) -> None:
        try:
            await self.face.call("no_such_method")
        except AttributeError:
            pass
        else:
            raise AssertionError("no_such_method() gave an answer")


def equal(given: Any, wanted: Any) -> None:
    """Raises AssertionError unless both are the same, types included."""
    if given != wanted or type(given) is not type(wanted) or shape(given) != shape(wanted):
        raise AssertionError(f"{given!r:.500} came instead of {wanted!r:.500}")


def shape(value: Any) -> Any:
    """The types in a value."""
    if isinstance(value, list | tuple):
        return [type(value), *map(shape, value)]
    if isinstance(value, Mapping):
        return {key: shape(item) for key, item in value.items()}
    return type(value)


@contextmanager
def servers(kinds: Sequence[str]) -> Iterator[Mapping[str, URI]]:
    """A server of each kind, and where its ledgers are: the object ids are numbers below ``OBJECTS``."""
    daemons = []
    try:
        for kind in kinds:
            daemon = Daemon(ServerSettings(servertype=kind, serializers=SERIALIZERS))
            daemons.append(daemon)
            for number in range(OBJECTS):
                daemon.register(Ledger(), str(number))
            daemon.start()
        yield {kind: daemon.uri_for("0") for kind, daemon in zip(kinds, daemons, strict=True)}
    finally:
        for daemon in daemons:
            daemon.close()


def converse(seed: int, where: Mapping[str, URI], number: int = 0, steps: int = 20) -> int:
    """One conversation; gives how many things were done.

    Args:
        seed: Decides what is done.
        where: Kind of server -> one of its addresses.
        number: The object to use, which nobody else uses meanwhile.
        steps: How many things to do.

    Raises:
        AssertionError: If an answer is not the predicted one. A note tells how to have it again.
        PyroError: If there is none.
    """
    rng = random.Random(seed)
    kind = rng.choice(sorted(where))
    serializer = rng.choice(SERIALIZERS)
    awaiting = rng.random() < 0.5
    uri = replace_object(where[kind], str(number))
    settings = ClientSettings(serializer=serializer)
    settings = replace(settings, timeouts=replace(settings.timeouts, call_s=PATIENCE_S))
    modest = rng.random() < 0.2
    model = Model(rng, Blocking(None), cancels=kind != "multiplex", modest=modest)
    try:
        if awaiting:
            asyncio.run(converse_async(model, uri, settings, steps))
        else:
            with Proxy(uri, settings=settings) as proxy:
                proxy._pyro._profile.extras = not modest
                model.face = Blocking(proxy)
                finish_now(model.talk(steps))
    except Exception as problem:
        client = f"{'modest ' * modest}{'asyncio' if awaiting else 'blocking'}"
        problem.add_note(f"conversation {seed}: {client} client, {kind} server, {serializer}: {model.story}")
        raise
    return model.done


async def converse_async(model: Model, uri: URI, settings: ClientSettings, steps: int) -> None:
    async with AsyncProxy(uri, settings=settings) as proxy:
        proxy._pyro._profile.extras = not model.modest
        model.face = Awaiting(proxy)
        await model.talk(steps)


def replace_object(uri: URI, object_id: str) -> URI:
    """The address of another object of the same server."""
    return URI(f"{uri.protocol}:{object_id}@{uri.location}")


def finish_now(talk: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits."""
    try:
        talk.send(None)
    except StopIteration:
        return
    raise AssertionError("a blocking client has waited for an event loop")
