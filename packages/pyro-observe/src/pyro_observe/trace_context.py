"""W3C trace context in an annotation: where a call belongs, as other tools write it, too."""

from collections.abc import Mapping
from typing import Final

from pyro_core.names import ANNOTATION_TRACE

TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"
_MOST_BYTES: Final = 1024
"""A ``traceparent`` has 55 bytes, and a ``tracestate`` of more than 512 may be dropped."""


def carried(annotations: Mapping[str, bytes]) -> dict[str, str]:
    """The headers in the annotations of a call; none if there are none, or they cannot be such.

    Args:
        annotations: Of the call.
    """
    value = annotations.get(ANNOTATION_TRACE)
    if value is None or len(value) > _MOST_BYTES or not bytes(value).isascii():
        return {}
    parent, _, state = bytes(value).decode("ascii").partition("\n")
    return {TRACEPARENT: parent, TRACESTATE: state} if state else {TRACEPARENT: parent}


def annotation(headers: Mapping[str, str]) -> dict[str, bytes]:
    """The annotation that carries these headers; none without a ``traceparent``.

    Args:
        headers: Such as a propagator of OpenTelemetry makes.
    """
    parent, state = headers.get(TRACEPARENT, ""), headers.get(TRACESTATE, "")
    text = f"{parent}\n{state}" if state else parent
    if not parent or len(text) > _MOST_BYTES or not text.isascii():
        return {}
    return {ANNOTATION_TRACE: text.encode("ascii")}


def trace_id(annotations: Mapping[str, bytes]) -> str | None:
    """The trace that a call belongs to, as 32 hexadecimal digits; None if that is not said."""
    parts = carried(annotations).get(TRACEPARENT, "").split("-")
    found = parts[1] if len(parts) > 2 else ""
    return found if len(found) == 32 and not set(found) - set("0123456789abcdef") else None
