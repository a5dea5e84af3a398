"""What answers requests: one method for each route of ``routing``."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from pyro_core.descriptions import ONEWAY
from pyro_core.errors import NameNotFound
from pyro_core.identity import Access as AccessKind
from pyro_core.identity import Authorizer, Principal
from pyro_http import classic, console_files, openapi
from pyro_http.access import decided
from pyro_http.annotations import json_type
from pyro_http.arguments import Arguments, read_arguments
from pyro_http.daemons import Daemons, Members, Target
from pyro_http.descriptions import describe_object
from pyro_http.directory import NOT_HEARD, Directory
from pyro_http.json_values import BadValue, parse, to_json
from pyro_http.messages import (
    accepts_events,
    check_json,
    json_response,
    on_behalf_of,
    read_body,
    redirect,
    timeout_of,
    wants_events_only,
    wants_oneway,
)
from pyro_http.metrics import CONTENT_TYPE, Metrics
from pyro_http.problems import TITLES, Problem, problem_of
from pyro_http.settings import GatewaySettings
from pyro_http.streaming import MEDIA_TYPE, EventStream, OpenStreams, event, is_stream

MAX_DESCRIBED: Final = 200
"""Objects of which ``/openapi.json`` tells the methods."""
OPENAPI_AGE_S: Final = 2.0
"""For how long the same ``/openapi.json`` is given again."""

_log = logging.getLogger("pyro_http.calls")
_access_log = logging.getLogger("pyro_http.access")


class Endpoints:
    """Answers requests that were let in.

    Args:
        settings: Limits, and what is shown.
        directory: The names.
        daemons: The way to objects.
        metrics: Figures.
        authorize: Asked before each call.
        has_tokens: Whether clients have to say who they are.

    Attributes:
        settings: As given.
        streams: Those that are open.
        ending: Set when streams are to end.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        directory: Directory,
        daemons: Daemons,
        metrics: Metrics,
        authorize: Authorizer | None = None,
        *,
        has_tokens: bool = False,
    ) -> None:
        self.settings = settings
        self._has_tokens = has_tokens
        self._directory = directory
        self._daemons = daemons
        self._metrics = metrics
        self._authorize = authorize
        self.streams = OpenStreams(settings.max_streams)
        self.ending = asyncio.Event()
        self._openapi: tuple[float, dict[str, Any]] | None = None

    # ---- names and objects

    async def objects(self, request: Request, principal: Principal, correlation_id: UUID) -> Response:
        """All names, or those that begin with ``prefix``."""
        prefix = request.query_params.get("prefix", "")
        self._check_names()
        shown = [one for one in self._directory.shown() if one["name"].startswith(prefix)]
        return json_response({"objects": [one for one in shown if self._may(principal, one["name"])]})

    async def describe(
        self, request: Request, principal: Principal, correlation_id: UUID, name: str
    ) -> Response:
        """Methods and attributes of an object."""
        with self._on_behalf_of(request, correlation_id):
            target, members = await self.reach(principal, name)
        found = self._directory.names.get(name)
        named = {"name": name, "tags": [], "lease": None} if found is None else found.shown(time.monotonic())
        return json_response({**named, **describe_object(members), "protocol": target.daemon.version})

    async def ping(self, request: Request, principal: Principal, correlation_id: UUID, name: str) -> Response:
        """Whether the daemon of an object answers, and how quickly."""
        with self._on_behalf_of(request, correlation_id):
            self._check_may(principal, name, "", "describe")
            began = time.perf_counter()
            try:
                target = await self._target(name)  # a name that has just gone is down, and no mistake
                await target.ping()
            except Exception as failure:
                problem = problem_of(failure)
                return json_response({"up": False, "milliseconds": None, "detail": problem.detail})
        took_ms = (time.perf_counter() - began) * 1000
        return json_response({"up": True, "milliseconds": round(took_ms, 3), "detail": ""})

    async def events(self, request: Request, principal: Principal, correlation_id: UUID) -> Response:
        """Changes of names, as they happen; all names come first."""
        source = self._directory.events()

        async def told() -> AsyncIterator[bytes]:
            async with contextlib.aclosing(source):
                async for one in source:
                    name = one.get("name")
                    if name is None or self._may(principal, name):
                        yield event(one["kind"], one)

        return self._event_stream(told())

    # ---- calls

    async def call(
        self, request: Request, principal: Principal, correlation_id: UUID, name: str, method: str
    ) -> Response:
        """Call a method."""
        body = await read_body(request, self.settings.max_body_bytes, self.settings.body_s)
        document = {}
        if body:
            check_json(request.headers)
            document = parse(body)
        asked_oneway = wants_oneway(request)
        about_request = self._on_behalf_of(request, correlation_id)

        async def called() -> tuple[bool, Any]:
            with about_request:
                target, members = await self.reach(principal, name, method, "call")
                described = members.method(method)
                arguments = read_arguments(document, described)
                oneway = asked_oneway or described.kind == ONEWAY
                return oneway, await self.invoke(principal, target, method, arguments, oneway=oneway)

        if wants_events_only(request):
            return self._event_stream(self._call_events(called))
        oneway, value = await called()
        if oneway:
            return json_response({"result": None}, 202)
        if not is_stream(value):
            return json_response({"result": to_json(value)})
        if not accepts_events(request):
            await value.aclose()
            raise Problem(
                "not-acceptable",
                f"{method} returns a stream; accept {MEDIA_TYPE}, or use the WebSocket "
                "/objects/{name}/streams/{method}",
            )
        try:
            return self._event_stream(self._items(value))
        except Problem:
            await value.aclose()
            raise

    async def attribute(
        self, request: Request, principal: Principal, correlation_id: UUID, name: str, attribute: str
    ) -> Response:
        """Read or write an attribute."""
        is_read = request.method != "PUT"
        document = None if is_read else await self._document(request)
        with self._on_behalf_of(request, correlation_id):
            target, members = await self.reach(principal, name, attribute, "get" if is_read else "set")
            described = members.attribute(attribute)
            if is_read:
                return json_response({"value": to_json(await self.checked(target.get(attribute)))})
            if not isinstance(document, dict) or document.keys() != {"value"}:
                raise Problem("bad-json", 'the body must be an object with "value" and nothing else')
            if attribute in members.description.attributes and not described.writable:
                raise Problem(
                    "method-not-allowed", f"{attribute} cannot be written", headers={"Allow": "GET"}
                )
            try:
                value = json_type(described.annotation).take(document["value"], "/value")
            except BadValue as problem:
                raise Problem("bad-argument", str(problem), findings=[problem.finding]) from problem
            await self.checked(target.set(attribute, value))
        return Response(status_code=204)

    async def classic_call(
        self, request: Request, principal: Principal, correlation_id: UUID, name: str, member: str
    ) -> Response:
        """The form of the gateways of Pyro4 and Pyro5: ``/pyro/NAME/METHOD?key=value``."""
        form = b""
        if request.method == "POST":
            form = await read_body(request, self.settings.max_body_bytes, self.settings.body_s)
        with self._on_behalf_of(request, correlation_id):
            response = await classic.answer(self, request, principal, name, member, form)
        response.headers["X-Pyro-Correlation-Id"] = str(correlation_id)
        return response

    async def classic_list(self, request: Request, principal: Principal, correlation_id: UUID) -> Response:
        """A page with the names."""
        self._check_names()
        names = [one["name"] for one in self._directory.shown() if self._may(principal, one["name"])]
        return Response(classic.overview(names), media_type="text/html; charset=utf-8")

    async def reach(
        self, principal: Principal, name: str, member: str = "", access: AccessKind = "describe"
    ) -> tuple[Target, Members]:
        """An object, and what it offers, for somebody who wants to do something with it.

        Raises:
            Problem: If it is not there, or not for this client.
        """
        self._check_may(principal, name, member, access)
        target = await self._target(name)
        return target, await self.checked(target.members(member))

    async def invoke(
        self, principal: Principal, target: Target, method: str, arguments: Arguments, *, oneway: bool = False
    ) -> Any:
        """Call a method that is known to be exposed.

        Raises:
            Problem: If that fails.
        """
        _log.debug("%s calls %s.%s", principal, target.name, method)
        return await self.checked(target.call(method, arguments.args, arguments.kwargs, oneway=oneway))

    async def opened(self, principal: Principal, name: str, method: str, document: Any) -> Any:
        """What a method returns, for a WebSocket."""
        target, members = await self.reach(principal, name, method, "call")
        arguments = read_arguments(document, members.method(method))
        return await self.invoke(principal, target, method, arguments)

    # ---- about the gateway

    async def openapi(self, request: Request, principal: Principal, correlation_id: UUID) -> Response:
        """What there is, as OpenAPI 3.1."""
        self._check_names()
        now = time.monotonic()
        if self._openapi is None or now - self._openapi[0] > OPENAPI_AGE_S:
            described = {}
            with self._on_behalf_of(request, correlation_id):
                for one in self._directory.shown()[:MAX_DESCRIBED]:
                    with contextlib.suppress(Problem):  # one that is gone has no part in it
                        target = await self._target(one["name"])
                        described[one["name"]] = (await self.checked(target.members())).description
            self._openapi = now, described
        known = {name: one for name, one in self._openapi[1].items() if self._may(principal, name)}
        root = request.scope.get("root_path", "")
        return json_response(openapi.document(known, root, has_tokens=self._has_tokens))

    async def metrics(self, request: Request, principal: Principal, correlation_id: UUID) -> Response:
        """Figures for Prometheus."""
        gauges = {
            "ready": ("Whether the name server is heard.", float(not self._directory.problem)),
            "names": ("Names that are offered.", float(len(self._directory.names))),
            "watchers": ("Clients that watch names.", float(len(self._directory))),
            "streams": ("Streams that are open.", float(self.streams.count)),
            "daemons": ("Daemons that were talked to.", float(len(self._daemons))),
            "daemon_connections": ("Connections to daemons.", float(self._daemons.connections)),
        }
        return Response(self._metrics.page(gauges), media_type=CONTENT_TYPE)

    async def livez(self, request: Request, principal: Principal, correlation_id: UUID) -> Response:
        """Whether the gateway does its work."""
        return Response("ok\n", media_type="text/plain")

    async def readyz(self, request: Request, principal: Principal, correlation_id: UUID) -> Response:
        """Whether the name server is heard."""
        problem = self._directory.problem
        text = "the name server is not heard" if problem else "ok"
        return Response(f"{text}\n", 503 if problem else 200, media_type="text/plain")

    async def problem(
        self, request: Request, principal: Principal, correlation_id: UUID, kind: str
    ) -> Response:
        """What a type of problems means."""
        if kind not in TITLES:
            raise Problem("no-such-page", f"there is no problem {kind!r:.100}")
        status, title = TITLES[kind]
        return json_response({"type": f"/problems/{kind}", "title": title, "status": status})

    async def console(
        self, request: Request, principal: Principal, correlation_id: UUID, file: str
    ) -> Response:
        """A file of the web console."""
        if not self.settings.console:
            raise Problem("no-such-page", "the console is switched off; start the gateway with --console")
        return console_files.response(file, request.headers.get("if-none-match", ""))

    async def root(self, request: Request, principal: Principal, correlation_id: UUID) -> Response:
        """To where people begin."""
        return redirect(request, "/console/" if self.settings.console else "/pyro/")

    async def to_console(self, request: Request, principal: Principal, correlation_id: UUID) -> Response:
        """To the console."""
        return redirect(request, "/console/")

    async def to_classic_list(self, request: Request, principal: Principal, correlation_id: UUID) -> Response:
        """To the page with the names."""
        return redirect(request, "/pyro/")

    # ---- parts of the above

    def _on_behalf_of(self, request: Request, correlation_id: UUID) -> on_behalf_of:
        timeout_s = timeout_of(request.headers, self.settings.timeout_s, self.settings.max_timeout_s)
        return on_behalf_of(request.headers, correlation_id, timeout_s)

    async def _target(self, name: str) -> Target:
        try:
            named = await self._directory.lookup(name)
        except NameNotFound as problem:
            raise Problem("unknown-object", str(problem)) from problem
        return await self._daemons.target(name, named.uri)

    async def checked(self, awaitable: Any) -> Any:
        """A result, or the problem."""
        try:
            return await awaitable
        except Problem:
            raise
        except Exception as failure:
            raise problem_of(failure, tracebacks=self.settings.tracebacks) from failure

    def _may(self, principal: Principal, name: str) -> bool:
        """Whether somebody may look at an object."""
        return decided(self._authorize, principal, name, "", "describe").allowed

    def _check_may(self, principal: Principal, name: str, member: str, access: AccessKind) -> None:
        if not self._directory.offers(name):
            raise Problem("not-exposed", f"the name {name!r:.200} is not offered over HTTP")
        decision = decided(self._authorize, principal, name, member, access)
        if not decision.allowed:
            what = f"{access} {member!r:.120} of {name!r:.200}" if member else f"use {name!r:.200}"
            _access_log.warning("denied: %s may not %s: %s", principal, what, decision.reason)
            raise Problem("forbidden", f"{principal} may not {what} here; {decision.reason}".rstrip("; "))

    def _check_names(self) -> None:
        if self._directory.problem:
            raise Problem("no-name-server", NOT_HEARD, headers={"Retry-After": "1"})

    async def _document(self, request: Request) -> Any:
        check_json(request.headers)
        return parse(await read_body(request, self.settings.max_body_bytes, self.settings.body_s))

    def _event_stream(self, source: AsyncIterator[bytes]) -> EventStream:
        self.streams.begin()
        return EventStream(source, self.settings.heartbeat_s, self.ending, self.streams.end)

    async def _call_events(
        self, call: Callable[[], Coroutine[Any, Any, tuple[bool, Any]]]
    ) -> AsyncIterator[bytes]:
        """A call as events, whatever it returns; it is taken back when the client goes away."""
        try:
            oneway, value = await call()
            document = None if is_stream(value) else to_json(value)
        except Exception as failure:
            problem = problem_of(failure, tracebacks=self.settings.tracebacks)
            yield event("problem", problem.document())
            return
        if is_stream(value):
            async with contextlib.aclosing(self._items(value)) as items:
                async for one in items:
                    yield one
        else:
            yield event("sent" if oneway else "result", document)

    async def _items(self, items: Any) -> AsyncGenerator[bytes, None]:
        number = 0
        async for kind, document in self.told(items):
            yield event(kind, document, number if kind == "item" else None)
            number += 1

    async def told(self, items: Any) -> AsyncIterator[tuple[str, Any]]:
        """What a client is told of a stream: each ``item``, and then ``end`` or ``problem``; closes it."""
        count = 0
        try:
            async for item in items:
                yield "item", to_json(item)
                count += 1
        except Exception as failure:
            problem = problem_of(failure, tracebacks=self.settings.tracebacks)
            yield "problem", problem.document()
        else:
            yield "end", {"items": count}
        finally:
            await items.aclose()
