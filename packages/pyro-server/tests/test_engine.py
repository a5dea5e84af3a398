"""The dialogue of one connection, driven from a client in memory."""

import json
import marshal
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest

from pyro_core.calls import ObjectRef
from pyro_core.context import current_call
from pyro_core.convert import BatchFailure
from pyro_core.errors import (
    DaemonError,
    MessageTooLarge,
    ProtocolError,
    PyroError,
    SerializeError,
)
from pyro_core.names import DAEMON_ID
from pyro_core.settings import Limits, ServerSettings
from pyro_core.wire.message import BATCH, EXCEPTION, KEEP_SERIALIZED, ONEWAY, STREAM
from pyro_server import Daemon, expose

BOTH_VERSIONS = pytest.mark.parametrize("version", [502, 48])
# ---- calls


@BOTH_VERSIONS
def test_peers_of_both_generations_call_one_daemon(
    make_daemon: Any, connect: Any, version: int, thing: Any
) -> None:
    """48 and 502 on one daemon, at the same time."""
    daemon = make_daemon()
    mine = connect(thing, daemon, version=version)
    other = connect(thing, daemon, version=48 if version == 502 else 502)
    assert mine.call("add", 2, 3) == 5
    assert other.call("add", a=2, b=4) == 6
    assert mine.call("context")["version"] == version
    assert {mine.engine.connection.version, other.engine.connection.version} == {48, 502}


def test_attributes_are_read_and_written(client: Any, thing: Any) -> None:
    assert client.value(client.invoke("__getattr__", ("value",), None)) == 1
    assert client.value(client.invoke("__setattr__", ("value", 9), None)) is None
    assert thing.value == 9


def test_a_call_may_address_any_object_of_the_daemon(client: Any, thing: Any) -> None:
    client.daemon.register(type(thing)(), "other")
    assert client.value(client.invoke("add", (1, 2), {}, object_id="other")) == 3
    with pytest.raises(DaemonError, match="unknown object"):
        client.value(client.invoke("add", (1, 2), {}, object_id="nope"))


def test_a_method_sees_its_call_and_nothing_afterwards(client: Any) -> None:
    reply = client.invoke("context", (), {}, annotations={"MORE": b"sent along"})
    seen = client.value(reply)
    assert seen == {
        "object": "thing",
        "method": "context",
        "serializer": "json",
        "version": 502,
        "seq": reply.seq,
        "address": "memory",
        "annotations": {"MORE": "sent along"},
    }
    with pytest.raises(PyroError, match="no current call"):
        current_call()


@BOTH_VERSIONS
@pytest.mark.parametrize("number", range(7))
def test_whatever_a_method_raises_is_an_answer_and_the_connection_lives(
    connect: Any, thing: Any, failures: list[BaseException], version: int, number: int
) -> None:
    """A6"""
    client = connect(thing, version=version)
    error = failures[number]
    with pytest.raises(Exception) as caught:
        client.call("fail", number)
    if isinstance(error, PyroError | ZeroDivisionError):
        assert type(caught.value) is type(error)
    assert str(error) in str(caught.value)
    assert not client.engine.closing
    assert client.call("add", 1, 1) == 2


def test_the_remote_traceback_tells_the_method_and_the_causes(client: Any) -> None:
    """B6"""
    with pytest.raises(ValueError, match="outer") as caught:
        client.call("deep")
    text = "".join(caught.value._pyroTraceback)  # type: ignore[attr-defined]
    assert "KeyError: 'missing'" in text
    assert "direct cause" in text
    assert "in deep" in text
    assert "pyro_server/engine.py" not in text


def test_wrong_arguments_are_an_answer(client: Any) -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        client.call("add", 1)
    with pytest.raises(AttributeError, match="unexposed or unknown remote attribute 'log'"):
        client.call("log")


def test_a_payload_that_cannot_be_decoded_is_an_answer(client: Any) -> None:
    for payload in (b"((((", b"[1,2,3]", b'{"object":"thing"}'):
        client.send(client.session.call(client.serializer_id, payload))
        (event,) = client.session.events()
        with pytest.raises(SerializeError):
            client.value(event.message)
    assert client.call("add", 1, 1) == 2


def test_a_result_that_cannot_travel_is_an_answer(client: Any) -> None:
    with pytest.raises(SerializeError):
        client.call("unserializable")
    assert client.call("add", 1, 1) == 2


def test_a_reply_may_be_as_large_as_the_limit_and_no_larger(
    connect: Any, make_daemon: Any, thing: Any
) -> None:
    """A14"""
    settings = ServerSettings(limits=Limits(max_message_bytes=5_000))
    client = connect(thing, make_daemon(settings=settings))
    assert len(client.call("many", 4_998)) == 4_998  # and two quotes
    with pytest.raises(MessageTooLarge, match="reply of 5001 bytes"):
        client.call("many", 4_999)


def test_compression_is_used_when_asked_for(connect: Any, make_daemon: Any, thing: Any) -> None:
    client = connect(thing, make_daemon(settings=ServerSettings(compression=True)))
    assert client.call("many", 100_000) == "x" * 100_000


def test_a_oneway_call_is_never_answered(client: Any, thing: Any) -> None:
    client.oneway("note", "flagged")
    client.oneway("fail", 0)
    client.oneway("nope")
    client.oneway("items")
    assert thing.log == ["flagged"]
    assert client.call("note_oneway", "not flagged") == "ignored"
    assert client.call("add", 1, 1) == 2


def test_a_oneway_request_says_so_to_the_transport(client: Any) -> None:
    payload = client.serializer.encode_call("thing", "add", (1, 2), {})
    (work,) = client.engine.receive(client.session.call(client.serializer_id, payload, ONEWAY))
    assert work.oneway
    (work,) = client.engine.receive(client.session.call(client.serializer_id, payload))
    assert not work.oneway


def test_several_requests_in_one_piece_are_answered_in_order(client: Any) -> None:
    payload = client.serializer.encode_call("thing", "add", (1, 2), {})
    first = client.session.call(client.serializer_id, payload)
    second = client.session.call(client.serializer_id, payload, ONEWAY)
    works = client.engine.receive(first + second + first[:5])
    assert [work.oneway for work in works] == [False, True]
    assert client.engine.mid_message
    assert len(client.engine.receive(first[5:])) == 1
    assert not client.engine.mid_message


def test_errors_that_nobody_sees_are_logged(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A7: the errors of oneway calls, and those of callbacks, do not vanish."""
    client.oneway("fail", 6)
    assert "thing.fail" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    with pytest.raises(RuntimeError):
        client.call("report")
    assert "reported" in caplog.text
    caplog.clear()
    with pytest.raises(ZeroDivisionError):
        client.call("fail", 6)
    assert not [record for record in caplog.records if record.levelname != "DEBUG"]


def test_a_ping_is_answered_without_work(client: Any) -> None:
    assert list(client.engine.receive(client.session.ping())) == []
    client.session.receive_data(client.engine.output())
    assert [type(event).__name__ for event in client.session.events()] == ["PongArrived"]


def test_a_broken_peer_is_disconnected_silently(client: Any) -> None:
    assert list(client.engine.receive(b"GET / HTTP/1.1\r\n\r\n" + bytes(40))) == []
    assert client.engine.closing
    assert client.engine.output() == b""


# ---- batches


@BOTH_VERSIONS
def test_a_batch_ends_with_the_first_failure(connect: Any, thing: Any, version: int) -> None:
    client = connect(thing, version=version)
    calls = [("add", (1, 2), {}), ("fail", (6,), {}), ("note", ("never",), {})]
    reply = client.invoke("<batch>", calls, None, flags=BATCH)
    assert reply.flags & BATCH
    assert not reply.flags & EXCEPTION
    wrapper = json.loads(bytes(reply.payload))[-1]
    expected = {502: "Pyro5.core._ExceptionWrapper", 48: "Pyro4.futures._ExceptionWrapper"}
    assert wrapper["__class__"] == expected[version]
    three, failure = client.value(reply)
    assert three == 3
    assert isinstance(failure, BatchFailure)
    assert isinstance(failure.error, ZeroDivisionError)
    assert "in fail" in "".join(failure.error._pyroTraceback)  # type: ignore[attr-defined]
    assert thing.log == []


def test_a_batch_with_an_unknown_method_fails_as_a_whole(client: Any, thing: Any) -> None:
    with pytest.raises(AttributeError, match="'nope'"):
        client.batch(("note", ("x",), {}), ("nope", (), {}))
    assert thing.log == []


def test_a_generator_in_a_batch_is_a_clear_error(client: Any) -> None:
    (failure,) = client.batch(("items", (), {}))
    assert isinstance(failure.error, SerializeError)
    assert "cannot be part of a batch" in str(failure.error)


def test_a_oneway_batch_is_run_and_not_answered(client: Any, thing: Any) -> None:
    assert (
        client.invoke("<batch>", [("note", ("x",), {}), ("fail", (0,), {})], None, flags=BATCH | ONEWAY)
        is None
    )
    assert thing.log == ["x"]


# ---- item streams


@BOTH_VERSIONS
def test_an_iterator_becomes_an_item_stream(connect: Any, thing: Any, version: int) -> None:
    client = connect(thing, version=version)
    reply = client.invoke("items", (), {})
    assert reply.flags & STREAM
    assert reply.flags & EXCEPTION
    wire = json.loads(bytes(reply.payload))
    assert wire["__class__"] == f"Pyro{4 if version == 48 else 5}.errors.ProtocolError"
    assert wire["args"] == ["result of call is an iterator"]
    assert wire["attributes"]["_pyroTraceback"] is None
    stream_id = reply.annotations["STRM"].decode()
    assert str(UUID(stream_id)) == stream_id
    assert [client.ask_daemon("get_next_stream_item", stream_id) for _ in range(2)] == ["one", "two"]
    assert thing.log == []
    # StopIteration cannot be raised through a generator-based fixture: look at the reply instead
    end = client.invoke("get_next_stream_item", (stream_id,), {}, object_id=DAEMON_ID)
    assert json.loads(bytes(end.payload))["__class__"] == "builtins.StopIteration"
    assert thing.log == ["finished"]
    with pytest.raises(PyroError, match="item stream terminated"):
        client.ask_daemon("get_next_stream_item", stream_id)


def test_a_property_may_be_a_stream(client: Any) -> None:
    reply = client.invoke("__getattr__", ("streamed",), None)
    assert client.ask_daemon("get_next_stream_item", reply.annotations["STRM"].decode()) == 1


def test_an_error_in_a_stream_ends_it(client: Any) -> None:
    stream_id = client.invoke("failing_items", (), {}).annotations["STRM"].decode()
    assert client.ask_daemon("get_next_stream_item", stream_id) == 1
    with pytest.raises(ZeroDivisionError, match="in the stream"):
        client.ask_daemon("get_next_stream_item", stream_id)
    with pytest.raises(PyroError, match="item stream terminated"):
        client.ask_daemon("get_next_stream_item", stream_id)


def test_a_stream_is_closed_early_without_an_answer(client: Any, thing: Any) -> None:
    stream_id = client.invoke("items", (), {}).annotations["STRM"].decode()
    client.ask_daemon("get_next_stream_item", stream_id)
    assert client.invoke("close_stream", (stream_id,), {}, object_id=DAEMON_ID, flags=ONEWAY) is None
    assert thing.log == ["finished"]


def test_a_stream_goes_on_over_another_connection(connect: Any, client: Any) -> None:
    stream_id = client.invoke("items", (), {}).annotations["STRM"].decode()
    client.ask_daemon("get_next_stream_item", stream_id)
    client.close()
    another = connect(None, client.daemon)
    assert another.ask_daemon("get_next_stream_item", stream_id) == "two"


def test_a_daemon_without_streaming_says_so_the_stock_way(connect: Any, make_daemon: Any, thing: Any) -> None:
    client = connect(thing, make_daemon(settings=ServerSettings(streaming=False)))
    reply = client.invoke("items", (), {})
    assert reply.flags & STREAM
    assert reply.flags & EXCEPTION
    assert "STRM" not in reply.annotations


def test_too_many_streams_are_an_answer(connect: Any, make_daemon: Any, thing: Any) -> None:
    settings = ServerSettings(limits=Limits(max_streams=1))
    client = connect(thing, make_daemon(settings=settings))
    client.invoke("items", (), {})
    with pytest.raises(PyroError, match="too many item streams"):
        client.call("items")


# ---- blobs


def test_a_blob_reaches_its_method_undecoded(client: Any) -> None:
    annotation = marshal.dumps(("label", "thing", "blob"))
    payload = client.serializer.encode_call("somewhere", "something", [1, 2, 3], {})
    request = client.session.call(
        client.serializer_id, payload, KEEP_SERIALIZED, annotations={"BLBI": annotation}
    )
    client.send(request)
    (event,) = client.session.events()
    assert client.value(event.message) == ["label", [1, 2, 3]]


@pytest.mark.parametrize(
    ("annotations", "error"),
    [
        ({}, ProtocolError),
        ({"BLBI": b"("}, SerializeError),
        ({"BLBI": marshal.dumps(("x", "thing", "log"))}, AttributeError),
    ],
)
def test_a_blob_that_leads_nowhere_is_an_answer(
    client: Any, annotations: Mapping[str, bytes], error: type[Exception]
) -> None:
    """S8: the annotation is marshal, and not read by the interpreter's own loader."""
    client.send(client.session.call(client.serializer_id, b"", KEEP_SERIALIZED, annotations=annotations))
    (event,) = client.session.events()
    with pytest.raises(error):
        client.value(event.message)


# ---- annotations and correlation ids


@BOTH_VERSIONS
def test_the_context_belongs_to_one_call(connect: Any, version: int, thing: Any) -> None:
    """B7: neither annotations nor correlation ids reach the next reply, or that of somebody else."""
    client = connect(thing, version=version)
    another = connect(None, client.daemon, version=version)
    my_id = UUID("11111111-2222-3333-4444-555555555555").bytes
    reply = client.invoke("annotate", (), {}, correlation_id=my_id)
    assert reply.annotations == {"MINE": b"reply"}
    assert reply.correlation_id == my_id
    for caller in (client, another):
        plain = caller.invoke("add", (1, 2), {})
        assert plain.annotations == {}
        assert plain.correlation_id is None
    with pytest.raises(TypeError):
        client.call("annotate", 1, 2)
    assert client.invoke("add", (1, 2), {}).annotations == {}


def test_a_correlation_id_is_made_when_a_method_asks_for_it(client: Any) -> None:
    reply = client.invoke("correlation", (), {})
    assert client.value(reply) == str(UUID(bytes=reply.correlation_id))


@pytest.mark.parametrize("key", ["TOOLONG", "STRM", "ümla"])
def test_annotations_that_users_may_not_send_are_an_answer(client: Any, key: str) -> None:
    with pytest.raises(ProtocolError, match="annotation key"):
        client.call("bad_annotation", key)
    assert client.call("add", 1, 1) == 2


class Annotating(Daemon):
    result: Any = MappingProxyType({"HOOK": b"daemon", "MINE": b"overridden"})

    def annotations(self) -> Mapping[str, bytes]:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result  # type: ignore[no-any-return]


def test_the_daemons_annotations_go_with_every_answer(caller: Any, make_daemon: Any, thing: Any) -> None:
    daemon = make_daemon(Annotating)
    daemon.register(thing, "thing")
    client = caller(daemon)
    payload = client.serializer.encode_value({"handshake": "hello", "object": "thing"})
    client.send(client.session.connect(client.serializer_id, payload))
    (accepted,) = client.session.events()
    assert accepted.message.annotations["HOOK"] == b"daemon"
    assert client.invoke("add", (1, 2), {}).annotations["HOOK"] == b"daemon"
    assert client.invoke("fail", (0,), {}).annotations["HOOK"] == b"daemon"
    assert client.invoke("annotate", (), {}).annotations["MINE"] == b"reply"
    daemon.result = ValueError("the hook fails")
    with pytest.raises(ValueError, match="the hook fails"):
        client.call("add", 1, 2)


# ---- serializers


@BOTH_VERSIONS
@pytest.mark.parametrize("number", [0, 1, 4, 5, 6, 7, 99, 201])
def test_a_refused_serializer_is_never_used(
    connect: Any, make_daemon: Any, thing: Any, version: int, number: int
) -> None:
    """S3: the answer comes in the handshake's serializer, and the connection lives."""
    client = connect(thing, make_daemon(serializers=("json",)), version=version)
    client.send(client.session.call(number, b"\xdb\x00\x00"))
    (event,) = client.session.events()
    assert event.message.serializer_id == client.serializer_id
    with pytest.raises(SerializeError, match=f"message used serializer that is not accepted: {number}"):
        client.value(event.message)
    client.send(client.session.call(number, b"\xdb\x00\x00", ONEWAY))
    assert client.session.events() == []
    assert client.call("add", 1, 1) == 2


@BOTH_VERSIONS
def test_a_handshake_in_a_refused_serializer_is_refused_in_marshal_text(
    caller: Any, make_daemon: Any, version: int
) -> None:
    """S3: a plain text that needs no serializer, as stock servers do it."""
    daemon = make_daemon(serializers=("json",))
    client = caller(daemon, version=version, serializer="marshal")
    number = client.serializer_id
    assert client.connect() == f"message used serializer that is not accepted: {number}"
    assert client.engine.closing
    assert client.engine.awaiting_handshake


def test_each_request_may_use_another_accepted_serializer(connect: Any, make_daemon: Any, thing: Any) -> None:
    daemon = make_daemon(serializers=("json", "marshal"))
    client = connect(thing, daemon)
    marshalling = connect(None, daemon, serializer="marshal").serializer
    reply = client.invoke("add", (1, 2), {}, serializer=marshalling)
    assert reply.serializer_id == 2
    assert marshalling.decode_value(reply.payload) == 3


def test_a_registered_object_travels_as_a_reference(connect: Any, thing: Any) -> None:
    client = connect(thing, serializer="json")
    wire = json.loads(bytes(client.invoke("itself", (), {}).payload))
    assert wire["__class__"] == "Pyro5.client.Proxy"
    assert wire["state"][0] == str(client.daemon.uri_for("thing"))
    assert isinstance(client.call("itself"), ObjectRef)


# ---- the end of a connection


def test_the_end_of_a_connection_is_told_once_and_only_for_clients_that_were_let_in(
    caller: Any, make_daemon: Any, thing: Any
) -> None:
    gone: list[Any] = []

    class Listening(Daemon):
        def client_disconnect(self, connection: Any) -> None:
            gone.append(connection)

    daemon = make_daemon(Listening)
    daemon.register(thing, "thing")
    stranger, client = caller(daemon), caller(daemon)
    client.connect()
    stranger.close()
    assert gone == []
    client.close()
    client.close()
    assert gone == [client.engine.connection]


class Resource:
    def __init__(self, *, fails: bool = False) -> None:
        self.closed = 0
        self.fails = fails

    def close(self) -> None:
        self.closed += 1
        if self.fails:
            raise RuntimeError("cannot close")


def test_instances_and_resources_go_with_their_connection(
    connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    kept, dropped, failing = Resource(), Resource(), Resource(fails=True)

    @expose
    class Holding:
        def hold(self) -> int:
            for resource in (kept, dropped, failing):
                current_call().connection.track_resource(resource)
            current_call().connection.untrack_resource(dropped)
            return id(self)

    client = connect(Holding)
    another = connect(None, client.daemon)
    assert client.call("hold") == client.call("hold")
    assert client.call("hold") != another.call("hold")
    client.close()
    assert (kept.closed, dropped.closed, failing.closed) == (1, 0, 1)
    assert "cannot close" in caplog.text
    assert not client.engine.connection.sessions.instances
