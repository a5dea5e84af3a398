from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyro_core.bulk import (
    LARGE_BYTES,
    MOST_ELEMENTS,
    Pieces,
    is_bulky,
    lift_call,
    lift_value,
    lower_call,
    lower_value,
    split,
    stays_whole,
)
from pyro_core.calls import Call
from pyro_core.errors import ProtocolError, PyroError
from pyro_core.events import CallArrived, ReplyArrived
from pyro_core.features import BUFFERS
from pyro_core.names import ANNOTATION_BUFFERS
from pyro_core.testing.wire import WirePair, at

LARGE = bytes(range(256)) * (LARGE_BYTES // 256)


def pieces_of(payload: Pieces, size: int) -> Pieces:
    """The same payload as it might arrive."""
    data = bytes(payload)
    return Pieces([data[start : start + size] for start in range(0, len(data), size)])


@pytest.mark.parametrize("size", [1, 7, 65536, 10**9])
@pytest.mark.parametrize(
    "value",
    [
        LARGE,
        bytearray(LARGE),
        [1, LARGE, "x"],
        (LARGE, bytearray(LARGE)),
        {"a": LARGE, "b": 5, 7: LARGE},
    ],
    ids=lambda value: type(value).__name__,
)
def test_results_come_back_however_they_arrive(value: Any, size: int) -> None:
    lifted = lift_value(value)
    assert lifted is not None
    body, beside = split(pieces_of(lifted.payload(b"body"), size), lifted.annotation)
    assert body == b"body"
    back = lower_value(lifted.value, beside)
    assert back == value
    assert type(back) is type(value)


def test_arguments_come_back() -> None:
    args, kwargs = (1, LARGE), {"key": memoryview(LARGE), "other": "x"}
    lifted = lift_call(args, kwargs)
    assert lifted is not None
    new_args, new_kwargs = lifted.value
    assert new_args == [1, None]
    assert new_kwargs == {"key": None, "other": "x"}
    body, beside = split(lifted.payload(b""), lifted.annotation)
    call = lower_call(Call("object", "method", new_args, new_kwargs), beside)
    assert call.args == [1, LARGE]
    assert call.kwargs == {"key": LARGE, "other": "x"}
    assert body == b""


def test_buffers_are_not_copied_on_the_way_out() -> None:
    value = bytearray(LARGE)
    lifted = lift_value(value)
    assert lifted is not None
    buffer = lifted.buffers[0]
    assert isinstance(buffer, memoryview)
    assert buffer.obj is value


@pytest.mark.parametrize(
    "value", [LARGE[:-1], "x" * LARGE_BYTES, [LARGE] * (MOST_ELEMENTS + 1), [[LARGE]], None]
)
def test_small_and_hidden_values_stay_where_they_are(value: Any) -> None:
    assert lift_value(value) is None


def test_what_is_bulky_is_told_quickly() -> None:
    assert is_bulky((1, LARGE))
    assert not is_bulky((1, LARGE[:-1], "text", [LARGE]))


@given(
    st.sampled_from([list, tuple, lambda items: {str(place): item for place, item in enumerate(items)}]),
    st.lists(st.sampled_from([1, "a", None, b"", LARGE, [LARGE]]), max_size=MOST_ELEMENTS + 2),
)
def test_what_stays_whole_is_told_quickly(make: Any, items: list[Any]) -> None:
    made = make(items)
    if stays_whole(made):
        assert lift_value(made) is None
    if not any(isinstance(item, bytes) for item in items):
        assert stays_whole(made)


@pytest.mark.parametrize(
    "annotation",
    [
        b"",
        b"[",
        b"{}x",
        b"[1]",
        b'[[0,"bytes",5]]',
        b'[[0,"pickle",5,null]]',
        b'[[0,"bytes",-5,null]]',
        b'[[0,"bytes",true,null]]',
        b'[[0,"bytes",1e3,null]]',
        b'[[0,"bytes",101,null]]',
        b"[" * 5000,
    ],
)
def test_descriptions_that_do_not_fit_are_refused(annotation: bytes) -> None:
    with pytest.raises(ProtocolError):
        split(b"x" * 100, annotation)


@pytest.mark.parametrize("place", [5, -1, "nope", None, [1], 1.5, True])
def test_buffers_without_a_place_are_refused(place: Any) -> None:
    with pytest.raises(ProtocolError, match="no place"):
        lower_call(Call("object", "method", (), {}), [(place, b"")])


@given(st.binary(max_size=200), st.lists(st.integers(0, 300), max_size=5))
def test_whatever_arrives_raises_nothing_but_our_errors(payload: bytes, sizes: list[int]) -> None:
    rows = ",".join(f'[{index},"bytes",{size},null]' for index, size in enumerate(sizes))
    try:
        body, beside = split(payload, f"[{rows}]".encode())
    except PyroError:
        assert sum(sizes) > len(payload)
    else:
        assert body + b"".join(value for _, value in beside) == payload


def test_what_arrives_in_pieces_is_left_so_on_both_sides() -> None:
    """C8: whoever makes the value of it copies it once."""
    pair = WirePair(cut=at(100), client_features=[BUFFERS], server_features={BUFFERS})
    pair.handshake()
    sent = pair.client.call(1, Pieces([LARGE]), 0, {ANNOTATION_BUFFERS: b""})
    (call,) = pair.to_server(b"".join(sent))
    assert isinstance(call, CallArrived)
    answer = pair.server.reply(call.message, Pieces([LARGE]), annotations={ANNOTATION_BUFFERS: b""})
    (reply,) = pair.to_client(b"".join(answer))
    assert isinstance(reply, ReplyArrived)
    assert type(call.message.payload) is type(reply.message.payload) is Pieces
    assert bytes(call.message.payload) == bytes(reply.message.payload) == LARGE
