"""OpenTelemetry: spans by the conventions for RPC, and measurements."""

from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from pyro_core.observing import ObservedCall
from pyro_observe.tracing import Tracing


class Kit:
    def __init__(self) -> None:
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracing = Tracing(provider, MeterProvider([self.reader]))

    def spans(self) -> Any:
        return self.exporter.get_finished_spans()

    def points(self, name: str) -> list[Any]:
        data: Any = self.reader.get_metrics_data()
        metrics = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics]
        return [point for metric in metrics if metric.name == name for point in metric.data.data_points]


@pytest.fixture
def kit() -> Kit:
    return Kit()


def test_a_span_of_the_server(kit: Kit, tell: Any) -> None:
    tell(kit.tracing, principal="ann", correlation_id=bytes(16), bytes_in=10, bytes_out=20)
    (span,) = kit.spans()
    assert (span.name, span.kind, span.parent) == ("thing/add", SpanKind.SERVER, None)
    assert dict(span.attributes) == {
        "rpc.system": "pyro",
        "rpc.service": "thing",
        "rpc.method": "add",
        "pyro.kind": "call",
        "client.address": "127.0.0.1",
        "client.port": 5000,
        "pyro.correlation_id": "00" * 16,
        "enduser.id": "ann",
    }
    (duration,) = kit.points("rpc.server.duration")
    assert dict(duration.attributes) == {"rpc.system": "pyro", "rpc.service": "thing", "rpc.method": "add"}
    assert 0 < duration.sum < 1000
    assert [point.sum for point in kit.points("rpc.server.request.size")] == [10]
    assert [point.sum for point in kit.points("rpc.server.response.size")] == [20]


def test_a_client_tells_the_server_where_the_call_belongs(kit: Kit, tell: Any) -> None:
    made = tell(kit.tracing, side="client", peer="./u:/tmp/socket", bytes_in=10, bytes_out=20)
    tell(kit.tracing, annotations_in=made.annotations_out)
    client, server = kit.spans()
    assert client.kind == SpanKind.CLIENT
    assert client.attributes["server.address"] == "./u:/tmp/socket"
    assert server.parent.span_id == client.context.span_id
    assert server.context.trace_id == client.context.trace_id
    assert [point.sum for point in kit.points("rpc.client.request.size")] == [20]


@pytest.mark.parametrize("value", [b"nonsense", b"\xff", b""])
def test_nonsense_in_the_annotation_begins_a_trace(value: bytes, kit: Kit, tell: Any) -> None:
    tell(kit.tracing, annotations_in={"TRCE": value})
    (span,) = kit.spans()
    assert span.parent is None


def test_what_a_method_does_is_inside_and_what_comes_after_is_not(kit: Kit) -> None:
    call = ObservedCall("server")
    call.aims_at("thing", "add", ())
    end = kit.tracing.call_begins(call)
    inside = trace.get_current_span().get_span_context().span_id
    end()
    (span,) = kit.spans()
    assert inside == span.context.span_id
    assert not trace.get_current_span().get_span_context().is_valid


def test_errors(kit: Kit, tell: Any) -> None:
    tell(kit.tracing, "made-up", known=False, error=AttributeError("no such thing"))
    (span,) = kit.spans()
    assert span.name == "thing/_OTHER"
    assert span.attributes["rpc.method_original"] == "made-up"
    assert span.attributes["error.type"] == "builtins.AttributeError"
    assert span.status.status_code == StatusCode.ERROR
    assert [event.name for event in span.events] == ["exception"]
    (duration,) = kit.points("rpc.server.duration")
    assert duration.attributes["error.type"] == "AttributeError"
