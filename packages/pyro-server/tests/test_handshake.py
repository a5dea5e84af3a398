"""What clients say and are told before their first call."""

import socket
from typing import Any

import pytest

from pyro_core.context import current_call
from pyro_server import Daemon

BOTH_VERSIONS = pytest.mark.parametrize("version", [502, 48])


@BOTH_VERSIONS
def test_the_handshake_tells_what_the_object_offers(
    caller: Any, make_daemon: Any, thing: Any, version: int
) -> None:
    daemon = make_daemon()
    daemon.register(thing, "thing")
    for _ in range(2):  # the second answer comes from the cache
        client = caller(daemon, version=version)
        answer = client.connect()
        assert answer["handshake"] == "hello"
        assert {"add", "note_oneway"} <= set(answer["meta"]["methods"])
        assert set(answer["meta"]["oneway"]) == {"note_oneway"}
        assert set(answer["meta"]["attrs"]) == {"value", "streamed"}
        assert not client.engine.awaiting_handshake


def test_version_48_gets_the_members_only_if_it_asks(caller: Any, make_daemon: Any, thing: Any) -> None:
    client = caller(make_daemon(), version=48)
    assert client.connect("no such object", flags=0) == "hello"


@BOTH_VERSIONS
def test_an_unknown_object_is_refused_in_the_handshake(
    caller: Any, make_daemon: Any, thing: Any, version: int
) -> None:
    client = caller(make_daemon(), version=version)
    assert client.connect("nope") == "unknown object"
    assert client.engine.closing


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"object": "thing"}', "'handshake'"),
        (b'{"handshake": "hello"}', "'object'"),
        (b"[1, 2]", "a handshake must be a dict"),
        (b'{"handshake": "hello", "object": ["thing"]}', "unknown object"),
        (b"((", ""),
    ],
)
def test_an_odd_handshake_is_refused(
    caller: Any, make_daemon: Any, thing: Any, payload: bytes, reason: str
) -> None:
    client = caller(make_daemon())
    client.send(client.session.connect(client.serializer_id, payload))
    (refused,) = client.session.events()
    assert refused.serializer_id == client.serializer_id
    assert reason in client.serializer.decode_value(refused.reason_payload)
    assert client.engine.closing


class Guarded(Daemon):
    def validate_handshake(self, connection: Any, data: Any) -> Any:
        if data == "leave":
            raise SystemExit("no entry")
        if data != "secret":
            raise ValueError(f"{data} is wrong, {connection.peer}")
        current_call().response_annotations = {"HAND": b"shake"}
        return {"welcome": current_call().client_address}


def test_the_daemon_decides_who_is_let_in(caller: Any, make_daemon: Any, thing: Any) -> None:
    daemon = make_daemon(Guarded)
    daemon.register(thing, "thing")
    assert caller(daemon).connect(handshake="hello") == "hello is wrong, memory"
    assert caller(daemon).connect(handshake="leave") == "no entry"
    client = caller(daemon)
    answer = client.connect(handshake="secret")
    assert answer["handshake"] == {"welcome": "memory"}
    assert "add" in answer["meta"]["methods"]
    assert client.engine.connection.handshake == "secret"


def test_calls_before_the_handshake_are_refused(caller: Any, make_daemon: Any, thing: Any) -> None:
    client = caller(make_daemon())
    payload = client.serializer.encode_call("thing", "add", (1, 2), {})
    assert list(client.engine.receive(client.session.call(client.serializer_id, payload))) == []
    assert b"invalid msg type 4" in client.engine.output()
    assert client.engine.closing


def test_calls_sent_along_with_the_handshake_are_answered_after_it(
    caller: Any, make_daemon: Any, thing: Any
) -> None:
    daemon = make_daemon()
    daemon.register(thing, "thing")
    client = caller(daemon)
    hello = client.serializer.encode_value({"handshake": "hello", "object": "thing"})
    call = client.serializer.encode_call("thing", "add", (1, 2), {})
    data = client.session.connect(client.serializer_id, hello)
    data += client.session.call(client.serializer_id, call)
    works = client.engine.receive(data)
    assert len(works) == 1
    client.session.state = "connecting"
    answers = client.engine.run(works[0])
    assert answers.count(b"PYRO\x01\xf6") == 2
    assert answers.endswith(b"3")


def test_a_connected_socket_needs_no_handshake(caller: Any, thing: Any) -> None:
    """Source: what stock clients send on a socket pair."""
    mine, theirs = socket.socketpair()
    with mine, theirs, Daemon(connected_socket=theirs) as daemon:
        daemon.register(thing, "thing")
        client = caller(daemon, require_handshake=False)
        assert "add" in client.ask_daemon("get_metadata", "thing")["methods"]
        assert client.call("add", 1, 2) == 3
