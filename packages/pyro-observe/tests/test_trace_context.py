"""Trace context in an annotation: read with care, written as others read it."""

import pytest

from pyro_observe.trace_context import annotation, carried, trace_id

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    "headers", [{"traceparent": PARENT}, {"traceparent": PARENT, "tracestate": "a=1,b=2"}]
)
def test_what_is_written_is_read(headers: dict[str, str]) -> None:
    assert carried(annotation(headers)) == headers
    assert trace_id(annotation(headers)) == TRACE


def test_the_form_on_the_wire() -> None:
    assert annotation({"traceparent": PARENT, "tracestate": "a=1"}) == {"TRCE": f"{PARENT}\na=1".encode()}


@pytest.mark.parametrize(
    "headers", [{}, {"tracestate": "a=1"}, {"traceparent": PARENT, "tracestate": "x" * 1024}]
)
def test_what_cannot_travel_is_left_out(headers: dict[str, str]) -> None:
    assert annotation(headers) == {}


@pytest.mark.parametrize("value", [b"", b"\xff" * 55, b"x" * 2000, b"nonsense", b"00-zz-b7-01", b"-" * 55])
def test_nonsense_of_a_peer_is_no_trace(value: bytes) -> None:
    assert trace_id({"TRCE": value}) is None


def test_a_memoryview_will_do() -> None:
    assert trace_id({"TRCE": memoryview(PARENT.encode())}) == TRACE  # type: ignore[dict-item]
