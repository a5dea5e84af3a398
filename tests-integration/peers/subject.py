"""The remote objects of the behaviour tests, free of any generation's imports.

Each server gives them the decorators, the call context and the proxies of its own generation.
"""

import asyncio
import threading
from collections import defaultdict

PATIENCE_S = 10.0


class OutOfPaper(Exception):
    """An exception that no other process knows."""


class Part:
    """An object that the subject hands out."""

    def __init__(self, name):
        self._name = name

    def name(self):
        return self._name


class Counter:
    """Counts its calls; registered once for each way of making instances."""

    def __init__(self):
        self._count = 0

    def count(self):
        self._count += 1
        return self._count


class Resource:
    """Something that a connection owns."""

    def __init__(self, close):
        self.close = close


class Subject:
    """Something of everything that can be called.

    Args:
        context: Gives the context of the call that is being served.
        connect: Makes a proxy of an address.
        publish: Registers an object with the daemon.
    """

    def __init__(self, context, connect, publish):
        self._context = context
        self._connect = connect
        self._publish = publish
        self._value = 17
        self._news = threading.Condition()  # reentrant
        self._notes = defaultdict(list)
        self._resources = []

    # ---- attributes

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, value):
        self._value = value

    @property
    def maker(self):
        return "us"

    @property
    def broken(self):
        raise LookupError("this attribute has no value")

    # ---- calls

    def add(self, a, b=1):
        return a + b

    def echo(self, value):
        return value

    def words(self, first, *rest, **named):
        return [first, list(rest), named]

    def nothing(self):
        return None

    def ping(self):
        """Not to be mistaken for the ping of the connection."""
        return "pong"

    def divide(self, a, b):
        return a // b

    def fail_with_attribute(self):
        error = ValueError("bad", 42)
        error.extra = "attached"
        raise error

    def fail_with_own_class(self):
        raise OutOfPaper("tray 2 is empty")

    def leave(self):
        raise SystemExit("a method tried to end the server")

    def unsendable(self):
        return threading.Lock()

    def hidden(self):
        return "never"

    def _private(self):
        return "never"

    # ---- notes: what tests look at later

    def note(self, key, what):
        """One-way."""
        with self._news:
            self._notes[key].append(what)
            self._news.notify_all()

    def noted_now(self, key, what):
        """Like ``note``, and answers."""
        self.note(key, what)

    def note_after(self, key, before, what):
        """One-way: waits until there is a note ``before``."""
        with self._news:
            if self._news.wait_for(lambda: before in self._notes[key], PATIENCE_S):
                self.note(key, what)

    def noted(self, key):
        with self._news:
            return list(self._notes[key])

    def meet(self, key, number):
        """Waits until so many calls are here."""
        with self._news:
            self.note(key, "here")
            return self._news.wait_for(lambda: len(self._notes[key]) >= number, PATIENCE_S)

    def pause(self, seconds):
        """Waits so long."""
        return threading.Event().wait(seconds)

    # ---- streams

    def count_to(self, number, key=None):
        try:
            yield from range(1, number + 1)
        finally:
            self.note(key, "closed")

    def endless(self, key):
        number = 0
        try:
            while True:
                yield number
                number += 1
        finally:
            self.note(key, "closed")

    def blocks(self, number, size):
        for item in range(number):
            yield bytes([item % 256]) * size

    def fail_after(self, number):
        yield from range(number)
        raise LookupError("no more items")

    def iterator(self):
        return iter(["a", "b", "c"])

    def total(self, items):
        return sum(items)

    def first_of(self, items, number):
        """Some items; the rest is not wanted."""
        taken = [next(items) for _ in range(number)]
        items.close()
        return taken

    def doubled(self, items):
        for item in items:
            yield 2 * item

    # ---- asynchronous methods

    async def async_add(self, a, b):
        await asyncio.sleep(0)
        return a + b

    async def async_fail(self):
        await asyncio.sleep(0)
        raise LookupError("after a while")

    async def async_count_to(self, number, key=None):
        try:
            for item in range(1, number + 1):
                await asyncio.sleep(0)
                yield item
        finally:
            self.note(key, "closed")

    async def async_wait(self, key):
        """Waits for ever."""
        self.note(key, "begun")
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.note(key, "cancelled")
            raise

    def wait(self, key):
        """Works for ever, and looks now and then whether anybody still wants the answer."""
        self.note(key, "begun")
        pause = threading.Event()
        try:
            while True:
                self._context().raise_if_cancelled()
                pause.wait(0.002)
        except Exception:
            self.note(key, "cancelled")
            raise

    # ---- callbacks

    def call_back(self, function, value):
        return function(value)

    def call_back_often(self, function, number):
        return [function(item) for item in range(number)]

    def call_method(self, target, value):
        return target.double(value)

    # ---- what surrounds a call

    def remaining_s(self):
        return self._context().remaining_s

    def remaining_elsewhere_s(self, uri):
        """What a call has left that this one makes."""
        with self._connect(uri) as other:
            return [self._context().remaining_s, other.remaining_s()]

    def correlation(self):
        return str(self._context().correlation_id)

    def correlation_elsewhere(self, uri):
        with self._connect(uri) as other:
            return [str(self._context().correlation_id), other.correlation()]

    def annotations(self):
        """What came along with the request; sends RESP along with the reply."""
        seen = {
            key: bytes(value).decode() for key, value in self._context().annotations.items() if key == "TEST"
        }
        self._context().response_annotations = {"RESP": b"from the server"}
        return seen

    def track(self, key):
        """Owns something for the connection, closed with it."""
        resource = Resource(lambda: self.note(key, "closed"))
        self._resources.append(resource)
        context = self._context()
        getattr(context, "connection", context).track_resource(resource)

    def part(self, name):
        part = Part(name)
        self._publish(part)
        return part


ONEWAY = {"note", "note_after"}
HIDDEN = {"hidden"}
"""Public, and not exposed all the same."""


def exposed(cls, expose, oneway=None):
    """A class with one generation's marks on its members."""
    for name in [name for name in vars(cls) if not name.startswith("_") and name not in HIDDEN]:
        member = vars(cls)[name]
        if name in ONEWAY:
            member = oneway(member)
        setattr(cls, name, expose(member))
    return cls


def refuse_the_unwelcome(data):
    """What every daemon of these tests makes of a handshake."""
    if data == "unwelcome":
        raise ValueError("we know you")
    return "welcome"


def publish(api, daemon, context, connect):
    """Register everything with a daemon.

    Args:
        api: Has ``expose``, ``oneway`` and ``behavior``.
        daemon: The daemon.
        context: As for ``Subject``.
        connect: As for ``Subject``.

    Returns:
        Address of the subject.
    """
    exposed(Subject, api.expose, api.oneway)
    exposed(Part, api.expose)
    for mode in ("single", "session", "percall"):
        counter = type(f"Counter_{mode}", (Counter,), dict(vars(Counter)))
        counter = api.behavior(instance_mode=mode)(exposed(counter, api.expose))
        daemon.register(counter, f"counter-{mode}")
    return daemon.register(Subject(context, connect, daemon.register), "subject")
