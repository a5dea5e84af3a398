"""Observers over real connections: what they are told, across processes; nobody else is disturbed."""

import asyncio
import json
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Condition
from typing import Any

import processes
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from stock_env import stock_python

from pyro_client import AsyncProxy, Proxy, batch
from pyro_client.channel import Channel
from pyro_core.errors import PluginError, SecurityError
from pyro_core.observing import ObservedCall, Observer
from pyro_core.settings import Limits, ServerSettings
from pyro_core.uri import URI
from pyro_core.wire import v502
from pyro_core.wire.message import CONNECT, EXCEPTION, INVOKE
from pyro_observe.tracing import Tracing
from pyro_server import AllowMethods, Daemon, Tokens, expose, oneway
from pyro_server.engine import ServerEngine

SERVER_TYPES = ["threaded", "multiplex", "asyncio"]
PATIENCE_S = 10.0


@expose
class Thing:
    def add(self, a: int, b: int) -> int:
        return a + b

    async def add_later(self, a: int, b: int) -> int:
        return a + b

    def fail(self) -> None:
        raise ValueError("as wanted")

    def items(self) -> Iterator[int]:
        yield from (1, 2)

    @oneway
    def note(self) -> None:
        """Nothing to do."""

    @property
    def value(self) -> int:
        return 5

    def back(self, function: Any, value: int) -> Any:
        return function(value)


class Recorder(Observer):
    """Writes down what it is told, and waits for it."""

    def __init__(self) -> None:
        self.calls: list[ObservedCall] = []
        self.connections: list[tuple[str, str]] = []
        self._changed = Condition()

    def call_begins(self, call: ObservedCall) -> Callable[[], object]:
        return lambda: self._note(self.calls, call)

    def connection_made(self, side: str, connection: Any) -> None:
        self._note(self.connections, (side, "made"))

    def connection_lost(self, side: str, connection: Any, *, accepted: bool) -> None:
        self._note(self.connections, (side, "lost" if accepted else "refused"))

    def _note(self, where: list[Any], what: Any) -> None:
        with self._changed:
            where.append(what)
            self._changed.notify_all()

    def wait_for(self, ready: Callable[[], Any]) -> None:
        with self._changed:
            assert self._changed.wait_for(ready, PATIENCE_S)


@contextmanager
def serving(recorder: Recorder, **options: Any) -> Iterator[URI]:
    with Daemon(host="127.0.0.1", observers=[recorder], **options) as daemon:
        uri = daemon.register(Thing(), "thing")
        daemon.start()
        yield uri


def told(calls: list[ObservedCall]) -> list[tuple[str, str, str, int]]:
    return sorted((call.kind, call.method, call.outcome, call.calls) for call in calls)


@pytest.mark.parametrize("servertype", SERVER_TYPES)
def test_both_sides_are_told_the_same_of_every_kind_of_call(servertype: str) -> None:
    there, here = Recorder(), Recorder()
    with serving(there, servertype=servertype) as uri:
        with Proxy(uri, observers=[here]) as thing:
            assert thing.add(1, 2) == 3
            assert thing.add_later(1, 2) == 3
            assert thing._pyro.submit("add", 1, 2).result(PATIENCE_S) == 3
            with pytest.raises(ValueError, match="as wanted"):
                thing.fail()
            assert list(thing.items()) == [1, 2]
            thing.note()
            assert thing.value == 5
            with batch(thing) as several:
                several.add(1, 2)
                several.fail()
                several.add(1, 2)
            with pytest.raises(AttributeError):
                thing._pyro.invoke("made_up")
            there.wait_for(lambda: len(there.calls) == 9)
        there.wait_for(lambda: len(there.connections) == 2)
    assert told(there.calls) == [
        ("attribute", "value", "ok", 1),
        ("batch", "<batch>", "ValueError", 3),
        ("call", "add", "ok", 1),
        ("call", "add", "ok", 1),
        ("call", "add_later", "ok", 1),
        ("call", "fail", "ValueError", 1),
        ("call", "items", "stream", 1),
        ("call", "made_up", "AttributeError", 1),
        ("oneway", "note", "ok", 1),
    ]
    # The client gets an error of a batch as one of its results.
    assert told(here.calls) == [
        (kind, method, "ok" if kind == "batch" else outcome, calls)
        for kind, method, outcome, calls in told(there.calls)
    ]
    assert {call.service for call in there.calls} == {"Thing"}
    assert [call.method for call in there.calls if not call.known] == ["made_up"]
    assert here.connections == [("client", "made"), ("client", "lost")]
    assert there.connections == [("server", "made"), ("server", "lost")]
    assert sum(call.bytes_in for call in there.calls) == sum(call.bytes_out for call in here.calls) > 0
    assert sum(call.bytes_out for call in there.calls) == sum(call.bytes_in for call in here.calls) > 0
    assert all(call.duration_s > 0 for call in [*there.calls, *here.calls])


@pytest.mark.parametrize("servertype", SERVER_TYPES)
def test_the_same_with_asyncio(servertype: str) -> None:
    there, here = Recorder(), Recorder()

    async def use(uri: URI) -> None:
        async with AsyncProxy(uri, observers=[here]) as thing:
            assert await asyncio.gather(*(thing.add(1, number) for number in range(3))) == [1, 2, 3]
            with pytest.raises(ValueError, match="as wanted"):
                await thing.fail()
            assert [item async for item in await thing.items()] == [1, 2]
            assert await thing.value == 5

    with serving(there, servertype=servertype) as uri:
        asyncio.run(use(uri))
        there.wait_for(lambda: len(there.connections) == 2)
    assert told(there.calls) == told(here.calls)
    assert len(there.calls) == 6


def test_what_cannot_be_decoded_is_told_with_its_error() -> None:
    recorder = Recorder()
    with serving(recorder) as uri, socket.create_connection((str(uri.host), uri.port or 0), 10) as sock:
        sock.sendall(v502.pack(CONNECT, 1, 0, b"{'handshake':'hello','object':'thing'}"))
        sock.recv(65536)
        sock.sendall(v502.pack(INVOKE, 1, 1, b"nonsense"))
        assert v502.decode(sock.recv(65536)).flags & EXCEPTION
        recorder.wait_for(lambda: recorder.calls)
    (call,) = recorder.calls
    assert (call.object_id, call.outcome, call.known) == ("", "SerializeError", False)


@pytest.mark.parametrize("servertype", SERVER_TYPES)
def test_who_calls_is_told_and_what_is_denied(servertype: str) -> None:
    recorder = Recorder()
    rules = {
        "authenticate": [Tokens({"ann": "hush"})],
        "authorize": AllowMethods({"ann": {"thing": ["add", "add_later"]}}),
    }
    with serving(recorder, servertype=servertype, **rules) as uri, Proxy(uri) as thing:
        thing._pyro.token = "hush"
        assert thing.add(1, 2) == 3
        assert thing.add_later(1, 2) == 3
        with pytest.raises(SecurityError):
            thing.fail()
        recorder.wait_for(lambda: len(recorder.calls) == 3)
    assert [(call.method, call.principal, call.outcome) for call in recorder.calls] == [
        ("add", "ann", "ok"),
        ("add_later", "ann", "ok"),
        ("fail", "ann", "SecurityError"),
    ]


def test_a_client_that_is_turned_away_is_told() -> None:
    recorder = Recorder()
    with serving(recorder) as uri, socket.create_connection((str(uri.host), uri.port or 0), 10) as sock:
        sock.sendall(v502.pack(CONNECT, 1, 0, b"nonsense"))
        assert sock.recv(65536)
        recorder.wait_for(lambda: len(recorder.connections) == 2)
    assert recorder.connections == [("server", "made"), ("server", "refused")]


def test_where_nobody_observes_calls_take_the_usual_ways() -> None:
    engines: list[Any] = []
    with Daemon(host="127.0.0.1") as daemon:
        made = daemon._host.connection_made
        daemon._host.connection_made = lambda *peer: engines.append(made(*peer)) or engines[-1]  # type: ignore[func-returns-value,method-assign]
        uri = daemon.register(Thing(), "thing")
        daemon.start()
        with Proxy(uri) as thing:
            assert thing.add(1, 2) == 3
            assert type(thing._pyro._channel) is Channel
            assert thing._pyro._channel._shortest is not None
    (engine,) = engines
    assert type(engine) is ServerEngine
    assert engine.plain is not None


def test_an_unknown_observer_is_refused_at_once() -> None:
    uri = "PYRO:thing@localhost:1"
    for make in (Daemon, partial(Proxy, uri), partial(AsyncProxy, uri)):
        with pytest.raises(PluginError, match="'no_such'"):
            make(observers=["no_such"])


# ---- OpenTelemetry


class Traced:
    """OpenTelemetry in this process."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = provider.get_tracer("test")
        self.observer = Tracing(provider)

    def spans(self) -> list[list[Any]]:
        return [as_list(span) for span in self._exporter.get_finished_spans()]


def as_list(span: ReadableSpan) -> list[Any]:
    assert span.context is not None
    return [
        span.name,
        span.kind.name,
        f"{span.context.trace_id:032x}",
        f"{span.context.span_id:016x}",
        f"{span.parent.span_id:016x}" if span.parent else None,
        span.status.status_code.name,
    ]


def family(mine: list[list[Any]], others: list[list[Any]], name: str) -> list[str]:
    """Kinds of a trace from my span of the client with that name down to the last."""
    (begin,) = [span for span in mine if span[:2] == [name, "CLIENT"]]
    spans = mine + others
    found = [begin]
    while below := [span for span in spans if span[4] == found[-1][3]]:
        (child,) = below
        found.append(child)
    assert {span[2] for span in found} == {begin[2]}
    return [f"{span[1]} {span[0]}" for span in found]


@pytest.fixture(scope="module")
def relayed() -> Iterator[str]:
    with processes.server("traced_server.py", "threaded", env={"PYRO_OBSERVERS": "opentelemetry"}) as uri:
        yield uri


@pytest.fixture(params=SERVER_TYPES)
def traced_server(request: pytest.FixtureRequest, relayed: str) -> Iterator[str]:
    env = {"PYRO_OBSERVERS": "opentelemetry"}
    with processes.server("traced_server.py", request.param, relayed, env=env) as uri:
        yield uri


def test_spans_are_nested_across_processes(traced_server: str, relayed: str) -> None:
    traced = Traced()
    with Proxy(traced_server, observers=[traced.observer]) as thing, Proxy(relayed) as other:
        with pytest.raises(ValueError, match="as wanted"):
            thing.fail()
        assert list(thing.items()) == [1, 2]
        thing.note()
        with batch(thing) as several:
            several.add_later(1, 2)
        assert thing._pyro.submit("add", 2, 3).result(PATIENCE_S) == 5
        assert thing.add_later(1, 2) == 3
        assert thing.relay(1, 2) == 3
        assert thing.back(thing._pyro.offer(lambda value: value * 2), 4) == 8
        mine = traced.spans()
        others = [*thing.spans(), *other.spans()]
        assert thing.complaints() == []
    for method in ("fail", "items", "note", "<batch>", "add", "add_later"):
        assert family(mine, others, f"traced/{method}") == [
            f"CLIENT traced/{method}",
            f"SERVER traced/{method}",
        ]
    assert family(mine, others, "traced/relay") == [
        "CLIENT traced/relay",
        "SERVER traced/relay",
        "CLIENT traced/add",
        "SERVER traced/add",
    ]
    assert family(mine, others, "traced/back") == [
        "CLIENT traced/back",
        "SERVER traced/back",
        "CLIENT obj/__call__",
        "SERVER obj/__call__",
    ]
    assert {span[0] for span in mine + others if span[5] == "ERROR"} == {"traced/fail"}


def test_spans_of_tasks_have_their_own_parents(traced_server: str) -> None:
    traced = Traced()

    async def one(thing: AsyncProxy, number: int) -> None:
        with traced.tracer.start_as_current_span(f"task {number}"):
            assert await thing.add_later(1, number) == 1 + number

    async def use() -> list[list[Any]]:
        async with AsyncProxy(traced_server, observers=[traced.observer]) as thing:
            await asyncio.gather(*(one(thing, number) for number in range(3)))
            assert await thing.complaints() == []
            found: list[list[Any]] = await thing.spans()
            return found

    spans = [*asyncio.run(use()), *traced.spans()]
    tasks = {span[3]: span for span in spans if span[0].startswith("task")}
    clients = {span[3]: span for span in spans if span[:2] == ["traced/add_later", "CLIENT"]}
    servers = [span for span in spans if span[:2] == ["traced/add_later", "SERVER"]]
    assert {span[4] for span in clients.values()} == set(tasks)
    assert {span[4] for span in servers} == set(clients)
    assert {span[2] for span in servers} == {span[2] for span in tasks.values()}


# ---- stock peers


@pytest.mark.parametrize("generation", ["4", "5"])
def test_a_stock_server_ignores_where_a_call_belongs(generation: str) -> None:
    traced = Traced()
    with (
        processes.server("stock_server.py", generation, python=stock_python()) as uri,
        Proxy(uri, observers=[traced.observer]) as thing,
    ):
        assert thing.add(2, 3) == 5
        assert list(thing.count_to(3)) == [1, 2, 3]
        with pytest.raises(ZeroDivisionError):
            thing.divide(1, 0)
    names = [span[0].partition("/")[2] for span in traced.spans()]
    assert names[:2] == ["add", "count_to"]
    assert [name for name in names if name not in ("get_next_stream_item", "close_stream")][2:] == ["divide"]
    assert [span[0] for span in traced.spans() if span[5] == "ERROR"] == ["thing/divide"]


STOCK_CLIENT = """
import Pyro5.api
Pyro5.api.current_context.annotations = {"TRCE": b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
with Pyro5.api.Proxy(%r) as thing:
    assert thing.add(2, 3) == 5
    assert list(thing.items()) == [1, 2]
"""


def test_a_stock_client_is_observed_and_may_say_where_its_calls_belong() -> None:
    traced, recorder = Traced(), Recorder()
    with Daemon(host="127.0.0.1", observers=[traced.observer, recorder]) as daemon:
        uri = daemon.register(Thing(), "thing")
        daemon.start()
        processes.run([stock_python(), "-c", STOCK_CLIENT % str(uri)])
        recorder.wait_for(lambda: len(recorder.connections) == 2)
    assert [call.outcome for call in recorder.calls if call.kind == "item"] == ["ok"] * 3
    assert [span[2:5:2] for span in traced.spans() if span[0] == "thing/add"] == [
        ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"]
    ]


# ---- switched on by the operator

PYRO4_PROGRAM = """
import logging, threading
import Pyro4
logging.basicConfig(level=logging.DEBUG)

@Pyro4.expose
class Thing(object):
    def add(self, a, b):
        return a + b

class Daemon(Pyro4.Daemon):
    def validateHandshake(self, conn, data):
        assert data == "hush-handshake"

daemon = Daemon()
uri = daemon.register(Thing(), "thing")
threading.Thread(target=daemon.requestLoop, daemon=True).start()
with Pyro4.Proxy(uri) as thing:
    thing._pyroHandshake = "hush-handshake"
    assert thing.add("hush-", "argument") == "hush-argument"
daemon.shutdown()
"""


def test_a_program_for_pyro4_is_observed_without_a_change_and_no_secret_is_told(tmp_path: Path) -> None:
    path = tmp_path / "access.jsonl"
    env = {"PYRO_OBSERVERS": "accesslog,wirelog", "PYRO_ACCESS_LOG": str(path)}
    done = processes.run([sys.executable, "-c", PYRO4_PROGRAM], env=env)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    found = sorted((line["side"], line["object"], line["method"], line["outcome"]) for line in lines)
    assert ("server", "thing", "add", "ok") in found
    assert ("client", "thing", "add", "ok") in found
    assert "hush" not in path.read_text() + done.stderr + done.stdout


# ---- health


def test_health_of_a_daemon() -> None:
    settings = ServerSettings(host="127.0.0.1", limits=Limits(max_streams=1))
    with Daemon(settings) as daemon:
        assert daemon.health().state == "waiting"
        uri = daemon.register(Thing(), "thing")
        daemon.start()
        with Proxy(uri) as thing:
            items = thing.items()
            health = daemon.health()
            assert (health.state, health.connections, health.streams, health.objects) == ("serving", 1, 1, 2)
            assert health.limits_reached == ("max_streams",)
            assert health.uptime_s > 0
            assert health.threads >= 1
            items.close()
            asked = thing._pyro.invoke("health", object_id="Pyro.Daemon")
            assert asked.keys() == health.to_wire().keys()
            assert asked["calls"] == 1
    assert daemon.health().state == "closed"


def test_commands_tell_how_a_daemon_is_doing() -> None:
    settings = ServerSettings(host="127.0.0.1", limits=Limits(max_streams=1))
    with Daemon(settings) as daemon:
        uri = daemon.register(Thing(), "thing")
        daemon.start()
        with Proxy(uri) as thing:
            items = thing.items()
            command = [sys.executable, "-m", "pyro_cli"]
            (row,) = processes.run([*command, "top", str(uri), "-c", "1", "--json"]).stdout.splitlines()
            shown = json.loads(row)
            assert (shown["state"], shown["connections"], shown["calls"]) == ("up", 2, 1)
            found = json.loads(processes.run([*command, "doctor", str(uri), "--json"]).stdout)
            assert [each["state"] for each in found if each["check"] == "daemon"] == ["warning"]
            assert "raise max_streams" in [each["next_step"] for each in found][-1]
            items.close()


@pytest.mark.parametrize("servertype", SERVER_TYPES)
def test_health_with_every_server_type(servertype: str) -> None:
    with Daemon(host="127.0.0.1", servertype=servertype) as daemon:
        daemon.start()
        uri = daemon.register(Thing(), "thing")
        with Proxy(uri) as thing:
            assert thing.add(1, 2) == 3
            health = daemon.health()
            assert (health.state, health.connections, health.limits_reached) == ("serving", 1, ())
