"""The server's half: what it says to good clients, and to bad ones."""

import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.events import CallArrived, ConnectArrived, PeerBroke
from pyro_core.server_session import ServerSession
from pyro_core.settings import Limits
from pyro_core.testing.recordings import read_recordings
from pyro_core.testing.wire import Cut, byte_by_byte, whole
from pyro_core.wire import v48, v502
from pyro_core.wire.codec import codec_for
from pyro_core.wire.message import (
    BATCH,
    COMPRESSED,
    CONNECT,
    CONNECT_FAIL,
    CONNECT_OK,
    EXCEPTION,
    INVOKE,
    META_ON_CONNECT,
    PING,
    RESULT,
    Message,
)
from pyro_core.wire.refusal import decode_reason

DATA = Path(__file__).parent / "data"
V48 = read_recordings(DATA / "vectors48.json")
V502 = read_recordings(DATA / "vectors502.json")
LIMITS = Limits(max_message_bytes=5000, max_handshake_bytes=1000)
ID = bytes(range(16))
BOTH = pytest.mark.parametrize("version", [48, 502])
CUTS = pytest.mark.parametrize("cut", [whole, byte_by_byte])


def feed(session: ServerSession, data: bytes, cut: Cut = whole) -> list[object]:
    events: list[object] = []
    for piece in cut(data):
        session.receive_data(piece)
        events += session.events()
    return events


def opened(version: int = 502, **keywords: object) -> ServerSession:
    session = ServerSession(limits=LIMITS, **keywords)  # type: ignore[arg-type]
    match feed(session, codec_for(version).pack(CONNECT, 1, 0, b"hello")):
        case [ConnectArrived(request, _)]:
            session.accept(request, b"welcome")
            return session
        case events:
            raise AssertionError(events)


def refusal_of(data: bytes, cut: Cut = whole, limits: Limits = LIMITS) -> Message:
    """The CONNECTFAIL with which a first message is answered."""
    session = ServerSession(limits=limits)
    (event,) = feed(session, data, cut)
    assert type(event) is PeerBroke
    assert session.state == "closed"
    answer = session.data_to_send()
    assert session.data_to_send() == b""
    codec = codec_for(int.from_bytes(answer[4:6], "big"))
    return codec.decode(answer)


# ---- bad first messages


@CUTS
@pytest.mark.parametrize(
    "scenario",
    [
        "connect-bad-ann",
        "connect-bad-magic",
        "connect-version-501",
        "connect-version-503",
        "garbage-16",
        "http-get",
        "invoke-before-connect",
        "ping-before-connect",
    ],
)
def test_bad_first_message_of_502_is_answered_as_recorded(scenario: str, cut: Cut) -> None:
    answer = refusal_of(V502[f"raw/{scenario}/1-request"].data, cut)
    recorded = v502.decode(V502[f"raw/{scenario}/1-reply"].data)
    # A stock server also repeats the correlation id of somebody else's earlier request.
    recorded.correlation_id = None
    assert answer == recorded


def test_first_message_of_502_that_is_too_large_is_answered_as_recorded() -> None:
    limits = Limits(max_message_bytes=1 << 30, max_handshake_bytes=1 << 30)
    answer = refusal_of(V502["raw/connect-too-large/1-request"].data, limits=limits)
    recorded = v502.decode(V502["raw/connect-too-large/1-reply"].data)
    assert answer.payload == recorded.payload


@CUTS
@pytest.mark.parametrize("scenario", ["connect_badchecksum", "connect_wrongtype", "connect_ping_first"])
def test_bad_first_message_of_48_is_answered_as_recorded(scenario: str, cut: Cut) -> None:
    answer = refusal_of(V48[f"raw/{scenario}/0-request"].data, cut)
    recorded = v48.decode(V48[f"raw/{scenario}/reply"].data)
    recorded.correlation_id = None
    assert answer == recorded


@CUTS
@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("connect_badversion", "invalid protocol version: 47"),
        ("connect_badtag", "invalid data"),
        ("garbage16", "invalid data"),
        ("garbage24", "invalid data"),
        ("http", "invalid data"),
    ],
)
def test_first_message_of_no_known_version_is_answered_in_502(scenario: str, reason: str, cut: Cut) -> None:
    answer = refusal_of(V48[f"raw/{scenario}/0-request"].data, cut)
    assert (answer.version, answer.kind, answer.serializer_id, answer.seq) == (502, CONNECT_FAIL, 2, 0)
    assert decode_reason(answer.payload) == reason


def test_first_message_of_48_that_is_too_large_is_told_so() -> None:
    answer = refusal_of(V48["raw/toolarge_connect/0-request"].data)
    assert (answer.version, answer.serializer_id, answer.seq) == (48, 3, 0)
    assert decode_reason(answer.payload) == "message too large (2042, max=1000)"


def test_header_of_502_with_the_number_48_is_a_damaged_message_of_48() -> None:
    answer = refusal_of(V502["raw/connect-version-48/1-request"].data)
    assert answer.version == 48
    assert decode_reason(answer.payload) == "header checksum mismatch"


@pytest.mark.parametrize("name", ["raw/silent/0-request", "raw/split_header/0-request"])
def test_an_incomplete_first_message_is_waited_for(name: str) -> None:
    session = ServerSession(limits=LIMITS)
    assert feed(session, V48[name].data) == []
    assert session.state == "awaiting"
    assert session.mid_message == bool(V48[name].data)


@BOTH
@CUTS
def test_handshake_at_its_limit_is_taken_and_one_byte_more_refused(version: int, cut: Cut) -> None:
    codec = codec_for(version)
    session = ServerSession(limits=LIMITS)
    (event,) = feed(session, codec.pack(CONNECT, 1, 0, bytes(1000)), cut)
    assert type(event) is ConnectArrived
    answer = refusal_of(codec.pack(CONNECT, 1, 0, bytes(1001)), cut)
    assert decode_reason(answer.payload) == "message too large (1001, max=1000)"


@BOTH
def test_handshake_that_inflates_is_limited_too(version: int) -> None:
    codec = codec_for(version)
    session = ServerSession(limits=LIMITS)
    match feed(session, codec.pack(CONNECT, 1, 0, zlib.compress(bytes(1000)), COMPRESSED)):
        case [ConnectArrived(request, _)]:
            assert request.payload == bytes(1000)
            assert not request.flags & COMPRESSED
        case events:
            raise AssertionError(events)
    answer = refusal_of(codec.pack(CONNECT, 1, 0, zlib.compress(bytes(1001)), COMPRESSED))
    assert decode_reason(answer.payload) == "message too large (1001, max=1000)"
    answer = refusal_of(codec.pack(CONNECT, 1, 0, b"not zlib", COMPRESSED))
    assert decode_reason(answer.payload) == "invalid compressed payload"


def test_limit_of_the_handshake_is_never_above_that_of_messages() -> None:
    session = ServerSession(limits=Limits(max_message_bytes=10, max_handshake_bytes=1000))
    (event,) = feed(session, v502.pack(CONNECT, 1, 0, bytes(11)))
    assert type(event) is PeerBroke
    assert type(event.error) is MessageTooLarge


# ---- handshake


@pytest.mark.parametrize(
    "scenario",
    ["connect-seq-77", "connect-compressed", "connect-dup-ann", "connect-unknown-flags", "connect-corr-id"],
)
def test_unusual_but_good_handshake_of_502_is_accepted(scenario: str) -> None:
    request = v502.decode(V502[f"raw/{scenario}/1-request"].data)
    session = ServerSession(limits=LIMITS)
    (event,) = feed(session, V502[f"raw/{scenario}/1-request"].data)
    assert type(event) is ConnectArrived
    answer = v502.decode(session.accept(event.message, b"welcome"))
    assert answer == Message(CONNECT_OK, 1, request.seq, b"welcome", correlation_id=request.correlation_id)
    assert session.state == "open"


@pytest.mark.parametrize("flags", [0, META_ON_CONNECT])
def test_answer_in_48_carries_metadata_if_the_client_asked_for_it(flags: int) -> None:
    session = ServerSession(limits=LIMITS)
    (event,) = feed(session, v48.pack(CONNECT, 1, 0, b"hello", flags))
    assert type(event) is ConnectArrived
    assert v48.decode(session.accept(event.message, b"", {"ABCD": b"x"})).flags == flags


@BOTH
def test_features_are_agreed_with_a_client_that_offers_and_unmentioned_to_others(version: int) -> None:
    codec = codec_for(version)
    session = ServerSession(limits=LIMITS, features={"stream", "cancel"})
    (event,) = feed(session, codec.pack(CONNECT, 1, 0, b"", 0, {"PYRX": b"1 future stream"}))
    assert type(event) is ConnectArrived
    assert event.features == {"stream"}
    assert session.features == frozenset()
    answer = codec.decode(session.accept(event.message, b"", {"ABCD": b"x"}))
    assert answer.annotations == {"ABCD": b"x", "PYRX": b"1 stream"}
    assert session.features == {"stream"}

    session = ServerSession(limits=LIMITS, features={"stream"})
    (event,) = feed(session, codec.pack(CONNECT, 1, 0, b""))
    assert type(event) is ConnectArrived
    assert codec.decode(session.accept(event.message, b"")).annotations == {}
    assert session.features == frozenset()


@BOTH
def test_rejection_is_a_text_or_a_payload_in_the_clients_serializer(version: int) -> None:
    codec = codec_for(version)
    connect = codec.pack(CONNECT, 9, 5, b"hello", 0, {}, ID)
    for reason, serializer_id, expected_id in (("not today", None, codec.MARSHAL_ID), (b"'no'", 9, 9)):
        session = ServerSession(limits=LIMITS)
        (event,) = feed(session, connect)
        assert type(event) is ConnectArrived
        answer = codec.decode(session.reject(event.message, reason, serializer_id=serializer_id))
        assert (answer.kind, answer.seq, answer.serializer_id) == (CONNECT_FAIL, 5, expected_id)
        assert answer.correlation_id == ID
        assert session.state == "closed"
        text = decode_reason(answer.payload) if serializer_id is None else answer.payload
        assert text == reason


def test_rejection_before_a_word_was_said_is_in_502() -> None:
    session = ServerSession(limits=LIMITS)
    answer = v502.decode(session.reject(None, "no free workers"))
    assert (answer.seq, decode_reason(answer.payload)) == (0, "no free workers")


@BOTH
@CUTS
def test_calls_sent_before_the_answer_wait_for_it(version: int, cut: Cut) -> None:
    codec = codec_for(version)
    session = ServerSession(limits=LIMITS)
    calls = codec.pack(INVOKE, 1, 1, b"one") + codec.pack(INVOKE, 1, 2, b"two")
    (event,) = feed(session, codec.pack(CONNECT, 1, 0, b"hello") + calls, cut)
    assert type(event) is ConnectArrived
    assert session.state == "deciding"
    assert not session.mid_message
    session.accept(event.message, b"welcome")
    assert [event.message.payload for event in session.events()] == [b"one", b"two"]  # type: ignore[union-attr]
    assert session.events() == []


def test_flood_before_the_answer_is_refused() -> None:
    session = ServerSession(limits=LIMITS)
    (event,) = feed(session, v502.pack(CONNECT, 1, 0, b"hello"))
    assert type(event) is ConnectArrived
    assert feed(session, bytes(1000)) == []
    (broke,) = feed(session, b"x")
    assert type(broke) is PeerBroke
    assert session.accept(event.message, b"welcome") == b""
    assert session.state == "closed"
    assert session.data_to_send() == b""


# ---- after the handshake


@BOTH
@CUTS
def test_calls_arrive_with_what_they_carry(version: int, cut: Cut) -> None:
    session = opened(version)
    sent = Message(INVOKE, 3, 77, b"payload", BATCH, {"ABCD": b"x"}, ID, version)
    assert feed(session, codec_for(version).encode(sent), cut) == [CallArrived(sent)]


@BOTH
def test_larger_limit_holds_after_the_handshake(version: int) -> None:
    codec = codec_for(version)
    session = opened(version)
    (event,) = feed(session, codec.pack(INVOKE, 1, 1, bytes(5000)))
    assert type(event) is CallArrived
    (event,) = feed(session, codec.pack(INVOKE, 1, 1, zlib.compress(bytes(5000)), COMPRESSED))
    assert type(event) is CallArrived
    assert event.message.payload == bytes(5000)
    for data in (
        codec.pack(INVOKE, 1, 1, bytes(5001)),
        codec.pack(INVOKE, 1, 1, zlib.compress(bytes(5001)), COMPRESSED),
    ):
        session = opened(version)
        (event,) = feed(session, data)
        assert type(event) is PeerBroke
        assert type(event.error) is MessageTooLarge
        assert session.data_to_send() == b""


@pytest.mark.parametrize(
    "name",
    [
        "invoke-bad-zlib",
        "invoke-too-large",
        "invoke-version-503",
        "msgtype-99",
        "msgtype-RESULT",
        "second-connect",
    ],
)
@CUTS
def test_bad_message_of_502_after_the_handshake_ends_it_without_a_word(name: str, cut: Cut) -> None:
    session = opened(502)
    (event,) = feed(session, V502[f"raw/{name}/1-request"].data, cut)
    assert type(event) is PeerBroke
    assert (session.state, session.data_to_send()) == ("closed", b"")


@pytest.mark.parametrize(
    "name",
    [
        "invoke_badversion",
        "invoke_badchecksum",
        "invoke_wrongtype",
        "invoke_result_type",
        "negative_datasize",
    ],
)
@CUTS
def test_bad_message_of_48_after_the_handshake_ends_it_without_a_word(name: str, cut: Cut) -> None:
    session = opened(48)
    (event,) = feed(session, V48[f"raw/{name}/0-request"].data, cut)
    assert type(event) is PeerBroke
    assert (session.state, session.data_to_send()) == ("closed", b"")


def test_nothing_is_taken_after_the_end() -> None:
    session = opened()
    feed(session, b"garbage")
    assert feed(session, v502.pack(INVOKE, 1, 1, b"")) == []
    assert session.call_from(v502.pack(INVOKE, 1, 1, b"")) is None
    assert session.events() == []


@pytest.mark.parametrize("name", ["ping", "ping-empty"])
def test_ping_of_502_is_answered_as_recorded(name: str) -> None:
    session = opened(502)
    assert feed(session, V502[f"raw/{name}/1-request"].data) == []
    recorded = v502.decode(V502[f"raw/{name}/1-reply"].data)
    recorded.correlation_id = None
    assert v502.decode(session.data_to_send()) == recorded
    assert session.data_to_send() == b""


def test_ping_of_48_is_answered_as_recorded() -> None:
    session = opened(48)
    assert feed(session, V48["raw/ping_after_connect/0-request"].data) == []
    recorded = v48.decode(V48["raw/ping_after_connect/reply"].data)
    recorded.correlation_id = None
    assert v48.decode(session.data_to_send()) == recorded


@BOTH
def test_pings_between_calls_are_answered_in_order(version: int) -> None:
    codec = codec_for(version)
    session = opened(version)
    ping = codec.pack(PING, 42, 8, b"ping", 0, {}, ID)
    events = feed(session, ping + codec.pack(INVOKE, 1, 1, b"") + ping)
    assert [type(event) for event in events] == [CallArrived]
    pong = codec.pack(PING, 42, 8, b"pong", correlation_id=ID)
    assert session.data_to_send() == pong * 2


@BOTH
def test_reply_repeats_number_serializer_and_correlation_id_of_the_call(version: int) -> None:
    codec = codec_for(version)
    session = opened(version)
    call = Message(INVOKE, 3, 77, b"payload", correlation_id=ID, version=version)
    reply = codec.decode(session.reply(call, b"result", flags=EXCEPTION, annotations={"ABCD": b"x"}))
    assert reply == Message(RESULT, 3, 77, b"result", EXCEPTION, {"ABCD": b"x"}, ID, version)
    other = codec.decode(session.reply(call, b"result", serializer_id=4, correlation_id=bytes(16)))
    assert (other.serializer_id, other.correlation_id) == (4, bytes(16))


@BOTH
def test_reply_is_compressed_if_that_helps(version: int) -> None:
    codec = codec_for(version)
    session = opened(version)
    call = Message(INVOKE, 1, 1, version=version)
    reply = codec.decode(session.reply(call, bytes(1000), compress=True))
    assert reply.flags == COMPRESSED
    assert zlib.decompress(reply.payload) == bytes(1000)
    assert codec.decode(session.reply(call, b"short", compress=True)).flags == 0


def test_reply_at_the_limit_is_made_and_a_larger_one_refused() -> None:
    session = opened()
    call = Message(INVOKE, 1, 1)
    assert len(session.reply(call, bytes(5000))) == 5040
    with pytest.raises(MessageTooLarge):
        session.reply(call, bytes(5001))
    with pytest.raises(MessageTooLarge):
        session.reply(call, bytes(5001), compress=True)


@BOTH
def test_quick_way_gives_the_call_and_leaves_the_rest_to_events(version: int) -> None:
    codec = codec_for(version)
    session = opened(version)
    call = codec.pack(INVOKE, 1, 1, b"payload")
    assert session.call_from(call) == codec.decode(call)
    assert session.events() == []
    assert session.call_from(call + call) is None
    assert len(session.events()) == 2
    assert session.call_from(call[:-1]) is None
    assert session.mid_message
    assert session.call_from(call[-1:]) is None
    assert len(session.events()) == 1
    assert session.call_from(codec.pack(INVOKE, 1, 1, zlib.compress(b"x"), COMPRESSED)) is None
    assert len(session.events()) == 1


# ---- without a handshake


@BOTH
@CUTS
def test_without_a_handshake_calls_are_welcome_at_once_and_one_handshake_too(version: int, cut: Cut) -> None:
    codec = codec_for(version)
    call, connect = codec.pack(INVOKE, 1, 1, b""), codec.pack(CONNECT, 1, 0, b"hello")
    session = ServerSession(limits=LIMITS, require_handshake=False)
    events = feed(session, call + connect + call, cut)
    assert [type(event) for event in events] == [CallArrived, ConnectArrived]
    assert session.state == "deciding"
    assert type(events[1]) is ConnectArrived
    session.accept(events[1].message, b"welcome")
    assert [type(event) for event in session.events()] == [CallArrived]
    (event,) = feed(session, connect, cut)
    assert type(event) is PeerBroke


def test_recorded_dialogue_on_a_connected_socket_is_followed() -> None:
    session = ServerSession(limits=Limits(), require_handshake=False)
    requests = [v for name, v in V48.items() if name.startswith("socketpair") and v.header["type"] == INVOKE]
    assert requests
    for recording in requests:
        assert [type(event) for event in feed(session, recording.data)] == [CallArrived]


def test_garbage_without_a_handshake_is_not_answered() -> None:
    session = ServerSession(limits=LIMITS, require_handshake=False)
    (event,) = feed(session, b"garbage")
    assert type(event) is PeerBroke
    assert session.data_to_send() == b""


@given(
    data=st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.sampled_from([r.data for r in (V502 | V48).values() if r.name.startswith("raw/")]),
        ),
        max_size=5,
    ),
    accept=st.booleans(),
)
def test_any_bytes_are_events_and_never_an_exception(data: list[bytes], accept: bool) -> None:
    session = ServerSession(limits=LIMITS)
    for piece in data:
        session.receive_data(piece)
        for event in session.events():
            if type(event) is ConnectArrived and accept:
                session.accept(event.message, b"welcome")
            elif type(event) is PeerBroke:
                assert isinstance(event.error, ProtocolError)
                assert session.state == "closed"
        session.data_to_send()
