"""Item streams over WebSockets.

The client sends one message, ``{"args": [...], "kwargs": {...}}``, and gets ``{"item": ...}`` for each item,
then ``{"end": {"items": N}}`` or ``{"problem": {...}}``; of other methods, ``{"result": ...}``. It ends a
stream early by closing the WebSocket, or by ``{"stop": true}``.
"""

import asyncio
import builtins
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from pyro_core.identity import Principal
from pyro_http.access import SOCKET_PROTOCOL
from pyro_http.json_values import dump, parse, to_json
from pyro_http.messages import on_behalf_of, problem_response, timeout_of
from pyro_http.problems import Problem, problem_of
from pyro_http.streaming import first_of, is_stream, pass_on

if TYPE_CHECKING:
    from pyro_http.endpoints import Endpoints

NORMAL = 1000
POLICY = 1008
TOO_LARGE = 1009


async def serve_stream(
    socket: WebSocket,
    endpoints: "Endpoints",
    principal: Principal,
    correlation_id: UUID,
    name: str,
    method: str,
) -> None:
    """Serve one WebSocket to its end.

    Raises:
        Problem: If it is refused; nothing was said then.
    """
    settings = endpoints.settings
    timeout_s = timeout_of(socket.headers, settings.timeout_s, settings.max_timeout_s)
    with on_behalf_of(socket.headers, correlation_id, timeout_s):
        _, members = await endpoints.reach(principal, name, method, "call")
        members.method(method)
    offered = [one.strip() for one in socket.headers.get("sec-websocket-protocol", "").split(",")]
    await socket.accept(SOCKET_PROTOCOL if SOCKET_PROTOCOL in offered else None)
    try:
        document = await _asked(socket, settings.body_s, settings.max_body_bytes)
        with on_behalf_of(socket.headers, correlation_id, timeout_s):
            value = await endpoints.opened(principal, name, method, document)
        if not is_stream(value):
            await socket.send_text(_text("result", to_json(value)))
        else:
            await pass_on(_messages(endpoints, value), socket.send_text, _gone(socket, endpoints.ending))
        await _close(socket, NORMAL)
    except WebSocketDisconnect:
        return
    except Problem as problem:
        await _say(socket, problem)
    except Exception as failure:
        await _say(socket, problem_of(failure, tracebacks=settings.tracebacks))


async def refuse(socket: WebSocket, problem: Problem) -> None:
    """Tell of a problem instead of accepting a WebSocket."""
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        await socket.send_denial_response(problem_response(problem))
    else:
        await socket.close(POLICY, problem.detail[:100])


async def _asked(socket: WebSocket, patience_s: float, limit: int) -> Any:
    """The message with the arguments."""
    try:
        async with asyncio.timeout(patience_s):
            text = await socket.receive_text()
    except builtins.TimeoutError as passed:
        raise Problem("body-timeout", f"no message with arguments came within {patience_s:g} s") from passed
    except KeyError as problem:  # starlette has no other word for a binary message
        raise Problem("bad-json", "expected a text message") from problem
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > limit:
        raise Problem("body-too-large", f"the message is larger than {limit} bytes, the most that is taken")
    return parse(data)


async def _messages(endpoints: "Endpoints", items: Any) -> AsyncIterator[str]:
    async for kind, document in endpoints.told(items):
        yield _text(kind, document)


async def _gone(socket: WebSocket, ending: asyncio.Event) -> None:
    await first_of(_left(socket), ending.wait())


async def _left(socket: WebSocket) -> None:
    """Until the client closes the WebSocket, or wants no more."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect" or "stop" in (message.get("text") or ""):
            return


def _text(kind: str, document: Any) -> str:
    return dump({kind: document}).decode("ascii")


async def _say(socket: WebSocket, problem: Problem) -> None:
    if socket.client_state is WebSocketState.CONNECTED:
        await socket.send_text(_text("problem", problem.document()))
        await _close(socket, TOO_LARGE if problem.kind == "body-too-large" else NORMAL)


async def _close(socket: WebSocket, code: int) -> None:
    if WebSocketState.DISCONNECTED not in (socket.client_state, socket.application_state):
        await socket.close(code)
