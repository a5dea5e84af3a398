"""What requests bring along, and what answers look like: bodies, headers that steer calls, JSON, problems."""

import asyncio
import builtins
import math
import os
from collections.abc import Mapping
from functools import cached_property
from time import monotonic
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from pyro_core.context import (
    CallContext,
    Outgoing,
    enter_call,
    enter_outgoing,
    leave_call,
    leave_outgoing,
)
from pyro_core.names import ANNOTATION_TRACE
from pyro_http.json_values import dump
from pyro_http.problems import MEDIA_TYPE, Problem

TIMEOUT_HEADER: Final = "pyro-timeout"
ONEWAY_HEADER: Final = "pyro-oneway"
CORRELATION_HEADER: Final = "x-correlation-id"
CLASSIC_CORRELATION_HEADER: Final = "x-pyro-correlation-id"
JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
MAX_TRACE_CHARS: Final = 1024
_TRUE: Final = frozenset({"1", "true", "yes", "on", ""})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
_VERSION_4: Final = 4


def header_texts(scope: Scope) -> Mapping[str, str]:
    """The headers of a request; of those that come more than once, the last."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


class Incoming(Request):
    """A request whose headers are looked at often."""

    @cached_property
    def headers(self) -> Mapping[str, str]:  # type: ignore[override]
        return header_texts(self.scope)


class JsonResponse(Response):
    """An answer in JSON; what other answers can be told, this one need not work out."""

    def __init__(self, body: bytes, status: int, media_type: str) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = [
            (b"content-length", b"%d" % len(body)),
            (b"content-type", media_type.encode("latin-1")),
        ]


def json_response(document: Any, status: int = 200, media_type: str = JSON) -> Response:
    """An answer in JSON.

    Args:
        document: Of plain JSON values.
        status: The HTTP status.
        media_type: What it is.
    """
    return JsonResponse(dump(document), status, media_type)


def redirect(request: Request, path: str) -> Response:
    """To another place of the gateway."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}{path}", 307)


def problem_response(problem: Problem, correlation_id: str = "") -> Response:
    """The answer that tells of a problem."""
    response = json_response(problem.document(correlation_id), problem.status, MEDIA_TYPE)
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response


async def read_body(request: Request, limit: int, patience_s: float) -> bytes:
    """The whole body.

    Raises:
        Problem: If it is too large, or does not arrive.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(patience_s):
            while True:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise Problem("bad-request", "the client went away")
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                chunks.append(chunk)
                if not message.get("more_body", False):
                    break
    except builtins.TimeoutError as passed:
        raise Problem(
            "body-timeout",
            f"the body did not arrive within {patience_s:g} s",
            headers={"Connection": "close"},
        ) from passed
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> Problem:
    return Problem(
        "body-too-large",
        f"the body is larger than {limit} bytes, the most that is taken",
        headers={"Connection": "close"},
    )


def check_json(headers: Mapping[str, str]) -> None:
    """Check that a body says to be JSON: pages of other origins cannot send that unasked.

    Raises:
        Problem: If it says something else.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise Problem("bad-content-type", f"expected a body of type {JSON}, got {kind or 'none'!r:.100}")


def timeout_of(headers: Mapping[str, str], usual_s: float, most_s: float) -> float:
    """How long the call may take, in seconds.

    Raises:
        Problem: If the client asks for something that is no such time.
    """
    text = headers.get(TIMEOUT_HEADER)
    if text is None:
        return usual_s
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise Problem("bad-header", f"Pyro-Timeout is {text!r:.100}; expected seconds, more than 0")
    return min(seconds, most_s)


def wants_oneway(request: Request) -> bool:
    """Whether the client does not want to wait for the result.

    Raises:
        Problem: If it says neither yes nor no.
    """
    said = request.headers.get(ONEWAY_HEADER, request.query_params.get("oneway"))
    if said is None:
        return False
    if said.lower() not in _TRUE | _FALSE:
        raise Problem("bad-header", f"oneway is {said!r:.100}; expected true or false")
    return said.lower() in _TRUE


def accepts_events(request: Request) -> bool:
    """Whether the client takes server-sent events."""
    accepted = request.headers.get("accept", "*/*")
    return any(one in accepted for one in (EVENTS, "text/*", "*/*"))


def wants_events_only(request: Request) -> bool:
    """Whether the client takes nothing but events: results and problems come as such, too."""
    return request.headers.get("accept", "").strip() == EVENTS


def correlation_of(headers: Mapping[str, str]) -> UUID:
    """The id that the request goes by; a new one if it has none.

    Raises:
        Problem: If it is no UUID.
    """
    text = headers.get(CORRELATION_HEADER) or headers.get(CLASSIC_CORRELATION_HEADER)
    if not text:
        return UUID(bytes=os.urandom(16), version=_VERSION_4)
    try:
        return UUID(text)
    except ValueError as problem:
        raise Problem("bad-header", f"the correlation id is {text!r:.100}; expected a UUID") from problem


def annotations_of(headers: Mapping[str, str]) -> Mapping[str, bytes]:
    """What goes along with the call beside the correlation id."""
    parent, state = headers.get("traceparent", ""), headers.get("tracestate", "")
    trace = f"{parent}\n{state}" if state and len(parent) + len(state) < MAX_TRACE_CHARS else parent
    if not trace or len(trace) > MAX_TRACE_CHARS or not trace.isascii():
        return {}
    return {ANNOTATION_TRACE: trace.encode("ascii")}


class on_behalf_of:
    """Let calls that are made inside have the deadline, correlation id and trace of a request.

    Args:
        headers: Of the request.
        correlation_id: Its id.
        timeout_s: How long it may take, in seconds.
    """

    __slots__ = ("_call", "_outgoing", "_sending", "_serving")

    def __init__(self, headers: Mapping[str, str], correlation_id: UUID, timeout_s: float) -> None:
        identity = correlation_id.bytes
        annotations = annotations_of(headers)
        self._call = CallContext(correlation_id=identity, deadline=monotonic() + timeout_s)
        self._outgoing = Outgoing(annotations, identity) if annotations else None

    def __enter__(self) -> None:
        self._serving = enter_call(self._call)
        self._sending = enter_outgoing(self._outgoing)

    def __exit__(self, *_: object) -> None:
        leave_outgoing(self._sending)
        leave_call(self._serving)
