"""Talks to etcd over its HTTP/JSON gateway, to whichever of several members answers.

Why no client library: docs/decisions/0013-etcd-without-a-client-library.md.
Source: etcd 3.4 and later, "Why gRPC gateway", paths ``/v3/kv/range``, ``/v3/kv/txn``, ``/v3/lease/...`` and
``/v3/watch``. Keys and values are base64, numbers above 32 bits are text, and what is 0 or empty is left out.
"""

import base64
import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Event, Lock
from typing import Any, Final, NamedTuple

from pyro_core.errors import NamingError

DEADLINE_S: Final = 10.0
"""How long a request is tried, at all members together."""
_CONNECT_S: Final = 2.0
_ANSWER_S: Final = 3.0
"""How long one member may take to answer before the next is asked; electing a leader takes about 1.5 s."""
_PAUSES_S: Final = (0.05, 0.1, 0.2, 0.4)
"""Pauses after each round in which no member could be used; then the last one again and again."""
_IDLE_MOST: Final = 16
"""Connections to one member that are kept for later requests."""
_TRY_AGAIN: Final = frozenset({4, 8, 14})
"""Codes of gRPC for: took too long, is overloaded, is unavailable (for example has no leader)."""


class UnavailableError(Exception):
    """A member answered that it can do nothing now."""


class EtcdError(NamingError):
    """Etcd refused a request.

    Args:
        code: That of gRPC.
        message: What it says.
        member: The address of the member.
    """

    def __init__(self, code: int = 0, message: str = "", member: str = "") -> None:
        super().__init__(f"etcd at {member} refused a request: {message} (code {code})")
        self.code = code


class Answer(NamedTuple):
    """What etcd answered.

    Attributes:
        data: The answer.
        repeated: Whether an earlier attempt failed in a way that it may have been carried out nevertheless.
    """

    data: dict[str, Any]
    repeated: bool


class Member:
    """One etcd server, with the connections to it that are free.

    Args:
        host: Its host.
        port: Its port for clients.
        tls: For members that want TLS.
    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self.host = host
        self.port = port
        self._tls = tls
        self._idle: list[http.client.HTTPConnection] = []

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def take(self) -> http.client.HTTPConnection:
        """A connection that nobody else uses now."""
        try:
            return self._idle.pop()
        except IndexError:
            return self.connection()

    def give(self, connection: http.client.HTTPConnection) -> None:
        """It can be used again."""
        if len(self._idle) < _IDLE_MOST:
            self._idle.append(connection)
        else:
            connection.close()

    def connection(self) -> http.client.HTTPConnection:
        """A connection of one's own, which connects when it is used."""
        if self._tls is None:
            return http.client.HTTPConnection(self.host, self.port, timeout=_CONNECT_S)
        return http.client.HTTPSConnection(self.host, self.port, timeout=_CONNECT_S, context=self._tls)

    def close(self) -> None:
        """Close the free connections."""
        while self._idle:
            self._idle.pop().close()


class EtcdGateway:
    """Sends requests to one member as long as that answers, else to the next.

    Args:
        members: The members.
        deadline_s: How long a request is tried.
        clock: Gives monotonic seconds.
    """

    def __init__(
        self,
        members: Sequence[Member],
        *,
        deadline_s: float = DEADLINE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._members = tuple(members)
        self._deadline_s = deadline_s
        self._clock = clock
        self._current = 0
        self._lock = Lock()
        self._closing = Event()

    def ask(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Send a request until it is answered.

        Args:
            path: Such as ``/v3/kv/range``.
            body: The request.

        Raises:
            EtcdError: If etcd refuses it.
            NamingError: If no member answers in time; names all and says why.
        """
        data = json.dumps(body).encode()
        until = self._clock() + self._deadline_s
        tried: dict[str, str] = {}
        repeated = False
        turn = 0
        while not self._closing.is_set():
            member = self.current()
            connection = member.take()
            sent = False
            try:
                connected(connection, _ANSWER_S)
                sent = True
                answer = _answer(connection, member, path, data)
            except (OSError, http.client.HTTPException, UnavailableError) as problem:
                connection.close()
                tried[str(member)] = str(problem) or type(problem).__name__
                repeated = repeated or sent
                self.failed(member)
            except EtcdError:
                member.give(connection)
                raise
            else:
                member.give(connection)
                return Answer(answer, repeated)
            turn += 1
            if self._clock() >= until:
                break
            if turn % len(self._members) == 0:
                self._closing.wait(_PAUSES_S[min(turn // len(self._members), len(_PAUSES_S)) - 1])
        raise _no_member(tried)

    def current(self) -> Member:
        """The member to be asked now."""
        return self._members[self._current]

    def failed(self, member: Member) -> None:
        """A member could not be used: the next one is to be asked from now on."""
        member.close()
        with self._lock:
            if self.current() is member:
                self._current = (self._current + 1) % len(self._members)

    def pause(self, turn: int) -> bool:
        """Wait before another attempt; tells whether there is to be one.

        Args:
            turn: Number of the attempt that failed, from 0.
        """
        pause_s = _PAUSES_S[min(turn, len(_PAUSES_S) - 1)] if (turn + 1) % len(self._members) == 0 else 0.0
        return not self._closing.wait(pause_s)

    @property
    def is_closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closing.is_set()

    def close(self) -> None:
        """Give up waiting requests, and close all free connections."""
        self._closing.set()
        for member in self._members:
            member.close()


def lines(connection: http.client.HTTPConnection, path: str, body: Mapping[str, Any]) -> Iterator[Any]:
    """The messages of a streaming answer; ends when the other side does.

    Args:
        connection: A connection of one's own; its timeout limits how long each message may take.
        path: Such as ``/v3/watch``.
        body: The request.

    Raises:
        OSError: If the connection is gone, or silent for too long.
        http.client.HTTPException: If what comes is no HTTP.
        UnavailableError: If the member can do nothing now.
        EtcdError: If etcd refuses the request.
    """
    # With this header a member that has lost touch with the others ends the stream.
    headers = {"Content-Type": "application/json", "Grpc-Metadata-hasleader": "true"}
    connection.request("POST", path, json.dumps(body).encode(), headers)
    response = connection.getresponse()
    while line := response.readline():
        message = json.loads(line)
        _check(message, connection.host)
        yield message.get("result", {})


def encoded(data: bytes) -> str:
    """Bytes as they are written in requests."""
    return base64.b64encode(data).decode()


def decoded(text: str) -> bytes:
    """Bytes as they are written in answers."""
    return base64.b64decode(text)


def connected(connection: http.client.HTTPConnection, timeout_s: float) -> socket.socket:
    """The socket of a connection, which connects if need be.

    Args:
        connection: The connection.
        timeout_s: How long each further step may take.

    Raises:
        OSError: If it cannot connect.
    """
    if connection.sock is None:
        connection.connect()
    sock: Any = connection.sock
    sock.settimeout(timeout_s)
    found: socket.socket = sock
    return found


def _answer(connection: http.client.HTTPConnection, member: Member, path: str, data: bytes) -> dict[str, Any]:
    connection.request("POST", path, data, {"Content-Type": "application/json"})
    response = connection.getresponse()
    text = response.read()
    try:
        answer = json.loads(text)
    except ValueError as problem:
        raise UnavailableError(f"HTTP {response.status}, and no JSON: {text!r:.80}") from problem
    _check(answer, str(member))
    found: dict[str, Any] = answer
    return found


def _check(answer: dict[str, Any], member: str) -> None:
    """Raise what an answer says is wrong: a failed stream says it in a dict of its own."""
    error = answer.get("error")
    if error is None:
        return
    facts = error if isinstance(error, dict) else answer
    code, message = facts.get("grpc_code") or facts.get("code") or 0, str(facts.get("message", error))
    if code in _TRY_AGAIN:
        raise UnavailableError(message)
    raise EtcdError(code, message, member)


def _no_member(tried: Mapping[str, str]) -> NamingError:
    reasons = "; ".join(f"{member}: {reason}" for member, reason in tried.items()) or "it was closed"
    return NamingError(
        f"no etcd member answered ({reasons}); "
        "see whether more than half of them run and can reach each other"
    )
