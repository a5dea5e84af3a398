"""The client's half: what it says, and what it makes of good and bad answers."""

import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyro_core.client_session import ClientSession
from pyro_core.errors import MessageTooLarge, ProtocolError
from pyro_core.events import Accepted, PeerBroke, PongArrived, Refused, ReplyArrived, WrongVersion
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
    INVOKE,
    META_ON_CONNECT,
    NO_ANNOTATIONS,
    ONEWAY,
    PING,
    RESULT,
    Message,
)
from pyro_core.wire.refusal import decode_reason

DATA = Path(__file__).parent / "data"
V48 = read_recordings(DATA / "vectors48.json")
V502 = read_recordings(DATA / "vectors502.json")
LIMITS = Limits(max_message_bytes=5000)
ID = bytes(range(16))
BOTH = pytest.mark.parametrize("version", [48, 502])
CUTS = pytest.mark.parametrize("cut", [whole, byte_by_byte])


def feed(session: ClientSession, data: bytes, cut: Cut = whole) -> list[object]:
    events: list[object] = []
    for piece in cut(data):
        session.receive_data(piece)
        events += session.events()
    return events


def connecting(version: int = 502) -> ClientSession:
    session = ClientSession(version=version, limits=LIMITS)
    session.connect(1, b"hello")
    return session


def opened(version: int = 502) -> ClientSession:
    session = connecting(version)
    assert len(feed(session, codec_for(version).pack(CONNECT_OK, 1, 0, b"welcome"))) == 1
    assert session.state == "open"
    return session


# ---- handshake


@BOTH
def test_handshake_carries_an_offer_of_extras_and_asks_for_metadata(version: int) -> None:
    session = ClientSession(version=version, limits=LIMITS, features=["stream"])
    assert session.state == "idle"
    data = session.connect(3, b"hello", {"ABCD": b"x"}, ID)
    flags = META_ON_CONNECT if version == 48 else 0
    annotations = {"ABCD": b"x", "PYRX": b"1 stream"}
    assert codec_for(version).decode(data) == Message(
        CONNECT, 3, 0, b"hello", flags, annotations, ID, version
    )
    assert session.state == "connecting"


@CUTS
@BOTH
def test_acceptance_is_told_with_what_holds(version: int, cut: Cut) -> None:
    session = ClientSession(version=version, limits=LIMITS, features=["stream", "cancel"])
    session.connect(1, b"hello")
    answer = Message(CONNECT_OK, 4, 99, b"ok", 0, {"PYRX": b"1 stream forged"}, None, version)
    events = feed(session, codec_for(version).encode(answer), cut)
    assert events == [Accepted(answer, frozenset({"stream"}))]
    assert session.state == "open"
    assert session.features == {"stream"}


@pytest.mark.parametrize("name", [name for name in V502 if name.endswith("connect-ok/2-reply")])
def test_stock_acceptance_holds_no_extras(name: str) -> None:
    (event,) = feed(connecting(), V502[name].data)
    assert type(event) is Accepted
    assert event.features == frozenset()


@CUTS
@BOTH
def test_refusal_is_told_with_its_reason(version: int, cut: Cut) -> None:
    session = connecting(version)
    recorded = V502["raw/http-get/1-reply"] if version == 502 else V48["raw/connect_wrongtype/reply"]
    (event,) = feed(session, recorded.data, cut)
    assert type(event) is Refused
    assert event.serializer_id == event.message.serializer_id == codec_for(version).MARSHAL_ID
    assert decode_reason(event.reason_payload).startswith("invalid ")
    assert session.state == "closed"


@CUTS
@BOTH
def test_answer_in_the_other_version_is_told_as_such(version: int, cut: Cut) -> None:
    session = connecting(550 - version)
    recorded = (
        V502["raw/connect-version-501/1-reply"] if version == 502 else V48["raw/connect_badversion/reply"]
    )
    assert feed(session, recorded.data, cut) == [WrongVersion(version)]
    assert session.state == "closed"


def test_other_version_is_told_by_its_first_bytes_even_if_the_rest_is_damaged() -> None:
    assert feed(connecting(502), v48.PREFIX) == [WrongVersion(48)]
    assert feed(connecting(502), v48.PREFIX + bytes(100)) == [WrongVersion(48)]


@CUTS
@pytest.mark.parametrize("data", [b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0", b"PYRO\x01\xf7"])
def test_server_that_speaks_something_else_broke_the_protocol(data: bytes, cut: Cut) -> None:
    session = connecting()
    (event,) = feed(session, data, cut)
    assert type(event) is PeerBroke
    assert session.state == "closed"
    assert feed(session, data) == []


@pytest.mark.parametrize("kind", [CONNECT, INVOKE, RESULT, PING, 99])
def test_anything_but_an_answer_to_the_handshake_is_refused(kind: int) -> None:
    (event,) = feed(connecting(), v502.pack(kind, 1, 0, b""))
    assert type(event) is PeerBroke
    assert event.error.expected == "CONNECTOK or CONNECTFAIL"


def test_recorded_answer_of_the_wrong_kind_is_refused() -> None:
    (event,) = feed(connecting(48), V48["client/connect_wrong_type/connect-reply"].data)
    assert type(event) is PeerBroke


def test_recorded_answer_with_another_number_or_without_payload_is_accepted() -> None:
    for scenario in ("connect_ok_wrong_seq", "connect_ok_empty_data"):
        (event,) = feed(connecting(48), V48[f"client/{scenario}/connect-reply"].data)
        assert type(event) is Accepted


# ---- calls


@BOTH
def test_calls_are_numbered_from_one_and_start_again_behind_65535(version: int) -> None:
    codec = codec_for(version)
    session = opened(version)
    assert codec.decode(session.call(1, b"")).seq == session.seq == 1
    assert codec.decode(session.call(1, b"")).seq == session.seq == 2
    session.seq = 65535
    assert codec.decode(session.call(1, b"")).seq == session.seq == 0


@BOTH
def test_call_carries_what_it_was_given(version: int) -> None:
    data = opened(version).call(3, b"payload", BATCH, {"ABCD": b"x"}, ID)
    assert codec_for(version).decode(data) == Message(
        INVOKE, 3, 1, b"payload", BATCH, {"ABCD": b"x"}, ID, version
    )


@BOTH
def test_call_is_compressed_if_that_helps(version: int) -> None:
    codec = codec_for(version)
    session = opened(version)
    message = codec.decode(session.call(1, bytes(1000), compress=True))
    assert (message.flags, zlib.decompress(message.payload)) == (COMPRESSED, bytes(1000))
    assert codec.decode(session.call(1, b"short", compress=True)).flags == 0


def test_call_that_cannot_be_sent_changes_nothing() -> None:
    session = opened()
    session.call(1, bytes(5000), ONEWAY)
    with pytest.raises(MessageTooLarge):
        session.call(1, bytes(5001))
    with pytest.raises(ProtocolError):
        session.call(1, b"", 0, {"toolong": b""})
    assert session.seq == 1
    (event,) = feed(session, v502.pack(RESULT, 1, 1, b""))
    assert type(event) is PeerBroke


@CUTS
@BOTH
def test_reply_is_told_with_what_it_carries(version: int, cut: Cut) -> None:
    session = opened(version)
    session.call(1, b"payload")
    reply = Message(RESULT, 1, 1, b"result", 0, {"ABCD": b"x"}, ID, version)
    assert feed(session, codec_for(version).encode(reply), cut) == [ReplyArrived(reply)]
    assert session.state == "open"


@BOTH
def test_quick_way_gives_the_reply_and_leaves_the_rest_to_events(version: int) -> None:
    codec = codec_for(version)
    session = opened(version)
    for number in (1, 2):
        session.call(1, b"payload")
        reply = codec.pack(RESULT, 1, number, b"result")
        assert session.reply_from(reply) == codec.decode(reply)
        assert session.events() == []
    session.call(1, b"payload")
    reply = codec.pack(RESULT, 1, 3, b"result")
    assert session.reply_from(reply[:20]) is None
    assert session.events() == []
    assert session.mid_message
    assert session.reply_from(reply[20:]) is None
    assert session.events() == [ReplyArrived(codec.decode(reply))]
    session.call(1, b"payload")
    assert session.reply_from(codec.pack(RESULT, 1, 4, zlib.compress(b"abc"), COMPRESSED)) is None
    assert session.events() == [ReplyArrived(Message(RESULT, 1, 4, b"abc", version=version))]


@CUTS
@BOTH
def test_reply_with_another_number_is_refused(version: int, cut: Cut) -> None:
    session = opened(version)
    session.call(1, b"payload")
    (event,) = feed(session, codec_for(version).pack(RESULT, 1, 2, b""), cut)
    assert type(event) is PeerBroke
    assert (event.error.expected, event.error.received) == (1, 2)
    assert session.state == "closed"


@pytest.mark.parametrize(
    ("scenario", "broken"),
    [
        ("reply_ok", False),
        ("reply_wrong_seq", True),
        ("reply_wrong_type", True),
        ("reply_wrong_serializer", False),
        ("reply_bad_checksum", True),
        ("reply_bad_version", True),
        ("reply_stream_no_strm", False),
        ("reply_exception_no_flag", False),
        ("reply_exception_flag_nonexc", False),
    ],
)
@CUTS
def test_recorded_odd_reply_of_48_is_refused_if_it_breaks_the_protocol(
    scenario: str, broken: bool, cut: Cut
) -> None:
    session = connecting(48)
    (event,) = feed(session, V48[f"client/{scenario}/connect-reply"].data, cut)
    assert type(event) is Accepted
    session.call(1, b"payload")
    (event,) = feed(session, V48[f"client/{scenario}/invoke-reply"].data, cut)
    assert type(event) is (PeerBroke if broken else ReplyArrived)


@BOTH
def test_reply_that_nobody_waits_for_is_refused(version: int) -> None:
    for flags in (None, ONEWAY):
        session = opened(version)
        if flags is not None:
            session.call(1, b"", flags)
        (event,) = feed(session, codec_for(version).pack(RESULT, 1, session.seq, b""))
        assert type(event) is PeerBroke
        assert event.error.expected == "nothing"


@BOTH
def test_second_reply_is_refused(version: int) -> None:
    session = opened(version)
    session.call(1, b"")
    events = feed(session, codec_for(version).pack(RESULT, 1, 1, b"") * 2)
    assert [type(event) for event in events] == [ReplyArrived, PeerBroke]


@BOTH
def test_ping_is_answered_once(version: int) -> None:
    codec = codec_for(version)
    session = opened(version)
    ping = codec.decode(session.ping())
    assert ping == Message(PING, 42, 0, b"ping", version=version)
    pong = Message(PING, 42, 0, b"pong", 0, NO_ANNOTATIONS, ID, version)
    assert feed(session, codec.encode(pong)) == [PongArrived(pong)]
    (event,) = feed(session, codec.encode(pong))
    assert type(event) is PeerBroke


@BOTH
def test_reply_at_the_limit_is_taken_and_a_larger_one_refused(version: int) -> None:
    codec = codec_for(version)
    for size, expected in ((5000, ReplyArrived), (5001, PeerBroke)):
        for payload, flags in ((bytes(size), 0), (zlib.compress(bytes(size)), COMPRESSED)):
            session = opened(version)
            session.call(1, b"")
            (event,) = feed(session, codec.pack(RESULT, 1, 1, payload, flags))
            assert type(event) is expected


def test_nothing_is_taken_after_the_end() -> None:
    session = opened()
    feed(session, b"garbage")
    session.call(1, b"")
    assert session.reply_from(v502.pack(RESULT, 1, 1, b"")) is None
    assert session.events() == []


def test_without_a_handshake_calls_are_possible_at_once() -> None:
    session = ClientSession(version=48, limits=LIMITS, require_handshake=False)
    session.call(1, b"")
    (event,) = feed(session, v48.pack(RESULT, 1, 1, b""))
    assert type(event) is ReplyArrived


@given(
    data=st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.sampled_from(
                [r.data for r in (V502 | V48).values() if r.name.startswith(("raw/", "client/"))]
            ),
        ),
        max_size=5,
    ),
    version=st.sampled_from([48, 502]),
)
def test_any_bytes_are_events_and_never_an_exception(data: list[bytes], version: int) -> None:
    session = connecting(version)
    for piece in data:
        if session.state == "open":
            session.call(1, b"payload")
        session.receive_data(piece)
        for event in session.events():
            if type(event) is PeerBroke:
                assert isinstance(event.error, ProtocolError)
                assert session.state == "closed"


def test_refusal_kind_is_only_for_the_handshake() -> None:
    (event,) = feed(opened(), v502.pack(CONNECT_FAIL, 2, 0, b""))
    assert type(event) is PeerBroke
