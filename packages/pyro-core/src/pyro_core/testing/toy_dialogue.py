"""A dialogue for testing transports: the smallest engine, host and client that try what transports must bear.

A message is its length in four bytes, then its kind in one, then its body. Transports know nothing of
messages, so this one is as good as the real one, and misbehaves on request.
"""

import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from pyro_core.settings import ServerSettings
from pyro_core.transport import Plain, Wire

HELLO: Final = b"h"
"""Shake hands; answered by ``output``, as the engine's own word."""
ECHO: Final = b"e"
"""Answer with the same body."""
ONEWAY: Final = b"o"
"""Note the body in ``ToyHost.noted``; no answer."""
WAITING_ONEWAY: Final = b"O"
"""Like ONEWAY, after the gate named like the body was opened."""
WAIT: Final = b"w"
"""Answer with the body after the gate of that name was opened."""
PING: Final = b"p"
"""Answered by ``output``."""
GIVE: Final = b"g"
"""Answer with as many bytes as the body says, in decimal digits."""
REFUSE: Final = b"r"
"""The engine says "refused" and wants to be closed."""
FAIL: Final = b"f"
"""Running it raises, which engines must not do."""
BREAK: Final = b"b"
"""Receiving it raises, which engines must not do."""
DO: Final = b"d"
"""Call ``ToyHost.action`` and answer."""

PATIENCE_S: Final = 20.0
"""How long a test waits for what must happen before it fails."""


def framed(kind: bytes, body: bytes = b"") -> bytes:
    """The bytes of one message."""
    return len(body).to_bytes(4, "big") + kind + body


class ToyWork:
    """One request."""

    __slots__ = ("body", "concurrent", "kind", "oneway")

    def __init__(self, kind: bytes, body: bytes) -> None:
        self.kind = kind
        self.body = body
        self.oneway = kind in (ONEWAY, WAITING_ONEWAY)
        self.concurrent = False


class ToyEngine:
    """Implements ``pyro_core.transport.Engine``."""

    def __init__(self, host: "ToyHost", peer: str) -> None:
        self.plain: Plain | None = None
        self.shared = False
        self.awaiting_handshake = True
        self.closing = False
        self.closed = threading.Event()
        self.peer = peer
        self._host = host
        self._buffer = bytearray()
        self._out = bytearray()

    @property
    def mid_message(self) -> bool:
        """True while part of a message has arrived and the rest has not."""
        return bool(self._buffer)

    @property
    def busy(self) -> bool:
        """Nothing is shared here."""
        return False

    def attach(self, wire: Wire) -> None:
        """Nothing here is said without being asked."""

    def receive(self, data: bytes) -> Sequence[ToyWork]:
        buffer = self._buffer
        buffer += data
        works: list[ToyWork] = []
        start = 0
        while len(buffer) - start >= 5 and not self.closing:
            end = start + 5 + int.from_bytes(buffer[start : start + 4], "big")
            if end > len(buffer):
                break
            self._take(bytes(buffer[start + 4 : start + 5]), bytes(buffer[start + 5 : end]), works)
            start = end
        del buffer[:start]
        return works

    def _take(self, kind: bytes, body: bytes, works: list[ToyWork]) -> None:
        if kind == BREAK:
            raise ValueError("told to break")
        if kind == HELLO:
            self.awaiting_handshake = False
            self._out += framed(HELLO, b"welcome")
        elif kind == PING:
            self._out += framed(PING, body)
        elif kind == REFUSE:
            self._out += framed(REFUSE, b"refused")
            self.closing = True
        else:
            works.append(ToyWork(kind, body))

    def run(self, work: ToyWork) -> bytes:
        kind, body, host = work.kind, work.body, self._host
        if kind == ECHO:
            return framed(ECHO, body)
        if kind in (WAIT, WAITING_ONEWAY):
            host.entered(body)
            if not host.gate(body).wait(PATIENCE_S):
                raise TimeoutError(f"gate {body!r} was never opened")
        if work.oneway:
            host.note(body)
            return b""
        if kind == FAIL:
            raise ValueError("told to fail")
        if kind == GIVE:
            return framed(GIVE, bytes(int(body)))
        if kind == DO:
            host.action()
        return framed(kind, body)

    def output(self) -> bytes:
        if not self._out:
            return b""
        out = bytes(self._out)
        self._out.clear()
        return out

    def close(self) -> None:
        self.closed.set()


class ToyHost:
    """Implements ``pyro_core.transport.Host``, and lets tests see and steer what engines do.

    Attributes:
        settings: As given.
        engines: One per connection so far, in order.
        noted: Bodies of the oneway requests that ran, in order of their end.
        action: What a DO request calls.
        housekept: Set at each housekeeping; tests clear it.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.engines: list[ToyEngine] = []
        self.noted: list[bytes] = []
        self.action: Callable[[], None] = lambda: None
        self.housekept = threading.Event()
        self._changed = threading.Condition()
        self._gates: dict[bytes, threading.Event] = {}
        self._entered: dict[bytes, int] = {}

    def wrap(self, sock: Any, listener: Any) -> Any:
        return sock

    def tls_context(self, listener: Any) -> None:
        return None

    def connection_made(self, peer: str, sock: Any) -> ToyEngine:
        engine = ToyEngine(self, peer)
        with self._changed:
            self.engines.append(engine)
            self._changed.notify_all()
        return engine

    def drain(self) -> None:
        """Requests are answered all the same."""

    def give_up(self) -> None:
        """There are no streams."""

    def housekeeping(self) -> None:
        self.housekept.set()

    def forked(self) -> Callable[[], None]:
        return lambda: None

    def gate(self, name: bytes) -> threading.Event:
        """What a WAIT request with this body waits for."""
        with self._changed:
            return self._gates.setdefault(name, threading.Event())

    def entered(self, name: bytes) -> None:
        """A request has come to its gate."""
        with self._changed:
            self._entered[name] = self._entered.get(name, 0) + 1
            self._changed.notify_all()

    def note(self, body: bytes) -> None:
        """A oneway request ran."""
        with self._changed:
            self.noted.append(body)
            self._changed.notify_all()

    def await_entered(self, name: bytes, count: int = 1) -> None:
        """Wait until so many requests have come to this gate."""
        self._await(lambda: self._entered.get(name, 0) >= count, f"{count} requests at gate {name!r}")

    def await_noted(self, count: int) -> None:
        """Wait until so many oneway requests have run."""
        self._await(lambda: len(self.noted) >= count, f"{count} oneway requests done")

    def await_engines(self, count: int) -> None:
        """Wait until so many connections were made."""
        self._await(lambda: len(self.engines) >= count, f"{count} connections")

    def await_housekeeping(self) -> None:
        """Wait for the next housekeeping."""
        self.housekept.clear()
        assert self.housekept.wait(PATIENCE_S), "no housekeeping"

    def _await(self, ready: Callable[[], bool], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(ready, PATIENCE_S), f"waited in vain for {what}"


class ToyClient:
    """A client of the toy dialogue on a connected socket.

    Args:
        sock: The socket.
        hello: Whether to shake hands at once.
    """

    def __init__(self, sock: socket.socket, *, hello: bool = True) -> None:
        sock.settimeout(PATIENCE_S)
        self.sock = sock
        self._buffer = bytearray()
        if hello:
            assert self.ask(HELLO) == (HELLO, b"welcome")

    def send(self, *messages: bytes) -> None:
        """Send bytes, such as several ``framed`` messages, at once."""
        self.sock.sendall(b"".join(messages))

    def read(self) -> tuple[bytes, bytes]:
        """Kind and body of the next answer."""
        while len(self._buffer) < 5 or len(self._buffer) < 5 + int.from_bytes(self._buffer[:4], "big"):
            data = self.sock.recv(1 << 20)
            if not data:
                raise EOFError(f"closed by the server after {len(self._buffer)} bytes of an answer")
            self._buffer += data
        end = 5 + int.from_bytes(self._buffer[:4], "big")
        kind, body = bytes(self._buffer[4:5]), bytes(self._buffer[5:end])
        del self._buffer[:end]
        return kind, body

    def ask(self, kind: bytes, body: bytes = b"") -> tuple[bytes, bytes]:
        """Send a request and wait for an answer."""
        self.send(framed(kind, body))
        return self.read()

    def echoes(self, body: bytes = b"ping") -> bool:
        """Whether the server answers as it should."""
        return self.ask(ECHO, body) == (ECHO, body)

    def await_close(self) -> bytes:
        """Wait for the server to close the connection; gives the bytes that came before that."""
        rest = deque([bytes(self._buffer)])
        try:
            while data := self.sock.recv(1 << 20):
                rest.append(data)
        except ConnectionError:
            pass  # the hard way to close is a way to close
        return b"".join(rest)

    def close(self) -> None:
        """Close the connection."""
        self.sock.close()
