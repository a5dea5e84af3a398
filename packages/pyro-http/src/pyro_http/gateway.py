"""The gateway as an ASGI application: checks each request, finds what answers it, and sends the answer."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from pyro_core.identity import ANONYMOUS, Authenticator, Authorizer, Principal
from pyro_core.settings import ClientSettings
from pyro_http import messages, routing
from pyro_http.access import Access
from pyro_http.daemons import Daemons
from pyro_http.directory import Directory
from pyro_http.endpoints import Endpoints
from pyro_http.exposure import Exposure
from pyro_http.metrics import Metrics
from pyro_http.problems import Problem, problem_of
from pyro_http.rate_limits import RateLimit
from pyro_http.settings import GatewaySettings
from pyro_http.sockets import refuse, serve_stream

WRONG_TOKENS_PER_S: Final = 5.0
"""Requests without the right token that one address may make; more are not even looked at."""
_API_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_ALL_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_EXPOSED_HEADERS: Final = b"X-Correlation-Id, Retry-After"
_ALLOWED_HEADERS: Final = (
    b"Authorization, Content-Type, Pyro-Timeout, Pyro-Oneway, X-Correlation-Id, Traceparent"
)

_log = logging.getLogger("pyro_http.gateway")


class Gateway:
    """Offers objects of the name server to HTTP clients; an ASGI application, to be mounted or served.

    It begins to listen to the name server when its lifespan begins, or with the first request where it is
    mounted in an application that does not pass that on; ``async with gateway:`` does both ends as well.

    Args:
        settings: What it offers to whom; None reads the environment.
        client_settings: How to find the name server and to talk to daemons; None reads the environment.
        authenticate: Are asked who a client is; see ``pyro_server.Tokens`` and its like. Without any, and
            without a file of tokens in the settings, everybody is anonymous.
        authorize: Is asked about each call and each look at an object, by its registered name, on the event
            loop; None allows everything.

    Attributes:
        settings: As given.
        directory: The names.
        metrics: Figures.

    Raises:
        SettingsError: If a setting cannot be used.
    """

    def __init__(
        self,
        settings: GatewaySettings | None = None,
        *,
        client_settings: ClientSettings | None = None,
        authenticate: Sequence[Authenticator] = (),
        authorize: Authorizer | None = None,
    ) -> None:
        self.settings = settings or GatewaySettings.from_environ()
        client_settings = client_settings or ClientSettings.from_environ()
        self.access = Access(self.settings, authenticate)
        self.metrics = Metrics()
        self.directory = Directory(client_settings, Exposure(self.settings.expose))
        daemons = Daemons(client_settings, self.settings.max_daemons, self.settings.connections_per_daemon)
        self._daemons = daemons
        self._endpoints = Endpoints(
            self.settings,
            self.directory,
            daemons,
            self.metrics,
            authorize,
            has_tokens=not self.access.lets_anybody_in,
        )
        self._rate = RateLimit(self.settings.rate_per_s, self.settings.burst)
        self._guesses = RateLimit(WRONG_TOKENS_PER_S)
        self._watching: asyncio.Task[None] | None = None
        self._running = 0

    async def start(self) -> None:
        """Begin to listen to the name server; wait until it has answered, or cannot be asked."""
        if self._watching is None:
            self._watching = asyncio.create_task(self.directory.run())
        await self.directory.asked.wait()

    async def close(self) -> None:
        """Let go of all connections."""
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
        await self._daemons.close()

    def end_streams(self) -> None:
        """End all streams, because the gateway is to stop."""
        self._endpoints.ending.set()

    async def __aenter__(self) -> "Gateway":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @contextlib.asynccontextmanager
    async def lifespan(self, app: object) -> AsyncIterator[None]:
        """For ``Starlette(lifespan=gateway.lifespan)`` of an application in which this one is mounted."""
        async with self:
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if not self.directory.asked.is_set():
            await self.start()
        began = time.perf_counter()
        if scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send, began)
            return
        request = messages.Incoming(scope, receive, send)
        found = routing.route_of(scope)
        label = "none" if found is None else found[0].label
        correlation_id: UUID | None = None
        origin: str | None = None
        self._running += 1
        try:
            correlation_id = messages.correlation_of(request.headers)
            origin = self._admitted(request.headers)
            if request.method == "OPTIONS" and origin is not None:
                response = Response(status_code=204)
            else:
                response = await self._answer(request, found, correlation_id)
        except Problem as problem:
            response = self._told(problem, correlation_id)
        except Exception as failure:  # the last place where it can be told
            response = self._told(self._problem(failure, label), correlation_id)
        finally:
            self._running -= 1
        self._add_headers(response, correlation_id, origin, is_page=label == "console")
        try:
            await response(scope, receive, send)
        finally:
            self.metrics.note(label, response.status_code, time.perf_counter() - began)

    async def _answer(
        self, request: messages.Incoming, found: tuple[routing.Route, list[str]] | None, correlation_id: UUID
    ) -> Response:
        if self._running > self.settings.max_calls:
            raise Problem(
                "overloaded",
                f"{self.settings.max_calls} requests are being worked on",
                headers={"Retry-After": "1"},
            )
        if found is None:
            raise Problem("no-such-page", f"there is nothing at {request.url.path!r:.200}")
        route, parts = found
        method = "GET" if request.method == "HEAD" else request.method
        if method not in route.methods:
            allowed = ", ".join(route.methods)
            raise Problem("method-not-allowed", f"expected {allowed}", headers={"Allow": allowed})
        principal = ANONYMOUS if route.is_open else self._principal(request.headers, _peer(request.scope))
        endpoint = getattr(self._endpoints, route.label)
        response: Response = await endpoint(request, principal, correlation_id, *parts)
        return response

    def _admitted(self, headers: Mapping[str, str]) -> str | None:
        """The origin to be let in by CORS, after what holds for every request."""
        self.access.check_host(headers)
        return self.access.check_origin(headers)

    def _principal(self, headers: Mapping[str, str], peer: str) -> Principal:
        """Who asks, if there may be one more request."""
        try:
            principal = self.access.principal(headers, peer)
        except Problem:
            self._guesses.take(peer)
            raise
        self._rate.take(f"peer {peer}" if principal == ANONYMOUS else f"name {principal.name}")
        return principal

    def _problem(self, failure: Exception, label: str) -> Problem:
        if isinstance(failure, RecursionError):
            return Problem("bad-request", "the values have too many levels")
        problem = problem_of(failure, tracebacks=self.settings.tracebacks)
        if problem.kind == "internal-error":
            _log.error("a request for %s failed", label, exc_info=failure)
        return problem

    def _told(self, problem: Problem, correlation_id: UUID | None) -> Response:
        text = "" if correlation_id is None else str(correlation_id)
        _log.debug("%s: %s", problem.kind, problem.detail)
        return messages.problem_response(problem, text)

    def _add_headers(
        self, response: Response, correlation_id: UUID | None, origin: str | None, *, is_page: bool
    ) -> None:
        headers = response.raw_headers
        headers.extend(_ALL_HEADERS)
        if not is_page:
            headers.extend(_API_HEADERS)
        if correlation_id is not None:
            headers.append((b"x-correlation-id", str(correlation_id).encode("ascii")))
        if self.settings.cors_origins:
            headers.append((b"vary", b"Origin"))
        if origin is not None:
            headers += [
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-expose-headers", _EXPOSED_HEADERS),
                (b"access-control-allow-headers", _ALLOWED_HEADERS),
                (b"access-control-allow-methods", b"GET, POST, PUT"),
                (b"access-control-max-age", b"600"),
            ]
            headers[:] = [pair for pair in headers if pair[0] != b"cross-origin-resource-policy"]

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send, began: float) -> None:
        socket = WebSocket(scope, receive, send)
        found = routing.route_of(scope)
        headers = messages.header_texts(scope)
        status = 101
        try:
            correlation_id = messages.correlation_of(headers)
            self._admitted(headers)
            if found is None:
                raise Problem("no-such-page", "there is no stream at this address")
            principal = self._principal(headers, _peer(scope))
            with self._endpoints.streams.one():
                await serve_stream(socket, self._endpoints, principal, correlation_id, *found[1])
        except Problem as problem:
            status = problem.status
            await refuse(socket, problem)
        finally:
            self.metrics.note("stream" if found else "none", status, time.perf_counter() - began)

    async def _live(self, receive: Receive, send: Send) -> None:
        """The lifespan of a server."""
        await receive()
        await self.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})


def _peer(scope: Scope) -> str:
    """Address of the client."""
    client = scope.get("client")
    return client[0] if client else ""
