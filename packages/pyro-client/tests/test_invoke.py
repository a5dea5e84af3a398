"""What answers mean, without a socket."""

from typing import Any

import pytest

from pyro_client.plans import invoke
from pyro_client.plans.connect import Connection
from pyro_client.profile import Profile
from pyro_core import plans
from pyro_core.calls import StreamHandle
from pyro_core.client_session import ClientSession
from pyro_core.errors import ConnectionClosedError, ProtocolError, RemoteError
from pyro_core.outcomes import outcome, outcome_for_coroutine
from pyro_core.settings import ClientSettings, Limits
from pyro_core.uri import URI
from pyro_core.wire.codec import codec_for
from pyro_core.wire.message import EXCEPTION, PING, RESULT, STREAM, Message

CODEC = codec_for(502)


@pytest.fixture
def connection() -> Connection:
    uri = URI("PYRO:thing@host:1")
    profile = Profile(uri, ClientSettings(serializer="plain"))
    session = ClientSession(version=502, limits=Limits(), require_handshake=False)
    return Connection("link", uri, session, profile.serializer_for(502))


def converse(connection: Connection, *received: bytes) -> Any:
    """Make a call whose answer is these bytes."""
    pieces = list(received)
    request = invoke.request(connection, b"()")
    perform = {plans.Send: lambda: None, plans.Receive: lambda: pieces.pop(0)}
    return plans.drive(invoke.exchange(connection, request), lambda step: perform[type(step)]())


def test_an_answer_may_come_in_pieces(connection: Connection) -> None:
    answer = CODEC.pack(RESULT, 200, 1, b"'hello'")
    message = converse(connection, answer[:3], answer[3:45], answer[45:])
    assert outcome(connection.serializer, message) == "hello"


def test_a_oneway_call_waits_for_nothing(connection: Connection) -> None:
    plan = invoke.exchange(connection, b"request", oneway=True)
    assert next(plan) == plans.Send("link", b"request")
    with pytest.raises(StopIteration) as end:
        plan.send(None)
    assert end.value.value is None


@pytest.mark.parametrize(
    ("received", "error"),
    [
        pytest.param(b"", ConnectionClosedError, id="closed"),
        pytest.param(CODEC.pack(RESULT, 200, 2, b"1"), ProtocolError, id="wrong number"),
        pytest.param(CODEC.pack(RESULT, 3, 1, b"1"), ProtocolError, id="wrong serializer"),
        pytest.param(CODEC.pack(PING, 200, 1, b"1"), ProtocolError, id="a pong nobody asked for"),
        pytest.param(CODEC.pack(RESULT, 200, 1, b"1") * 2, ProtocolError, id="two answers"),
        pytest.param(CODEC.pack(RESULT, 200, 1, b"1") + b"garbage", ProtocolError, id="garbage behind"),
        pytest.param(codec_for(48).pack(RESULT, 200, 1, b"1"), ProtocolError, id="other version"),
    ],
)
def test_other_answers_are_errors(connection: Connection, received: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        converse(connection, received)


def test_a_ping_is_answered_by_a_pong(connection: Connection) -> None:
    pong = CODEC.pack(PING, 42, 0, b"pong")
    perform = {plans.Send: lambda: None, plans.Receive: lambda: pong}
    plans.drive(invoke.ping(connection), lambda step: perform[type(step)]())


def answer(payload: bytes, flags: int = 0, **annotations: bytes) -> Message:
    return Message(RESULT, 200, 1, payload, flags, annotations)


def test_streams_become_handles(connection: Connection) -> None:
    error = b"{'__class__': 'builtins.ValueError', '__exception__': True, 'args': ()}"
    flags = STREAM | EXCEPTION
    assert outcome(connection.serializer, answer(error, flags, STRM=b"abc")) == StreamHandle("abc")
    assert outcome(connection.serializer, answer(error, flags)) == StreamHandle(None)


def test_an_exception_that_is_none_is_shown(connection: Connection) -> None:
    with pytest.raises(RemoteError, match="'just text'"):
        outcome(connection.serializer, answer(b"'just text'", EXCEPTION))


def test_stop_iteration_is_disguised_only_within_plans(connection: Connection) -> None:
    error = b"{'__class__': 'builtins.StopIteration', '__exception__': True, 'args': (7,)}"
    with pytest.raises(StopIteration):
        outcome(connection.serializer, answer(error, EXCEPTION))
    with pytest.raises(RemoteError, match=r"builtins\.StopIteration: 7") as caught:
        outcome_for_coroutine(connection.serializer, answer(error, EXCEPTION))
    assert isinstance(caught.value.__cause__, StopIteration)
