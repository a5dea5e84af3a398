"""OpenTelemetry: spans and metrics as its conventions for RPC want them.

A span of the client becomes the parent of that of the server through the annotation ``TRCE``. What becomes of
spans and metrics is up to the SDK that the program, or ``opentelemetry-instrument``, has set up.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

from opentelemetry import context as contexts
from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from pyro_core.observing import ObservedCall, Observer
from pyro_observe import trace_context
from pyro_observe.__about__ import __version__
from pyro_observe.labels import Labels, method_of, service_of

SYSTEM: Final = "pyro"
"""Value of ``rpc.system``."""


class Tracing(Observer):
    """Makes a span of each call, and measures it.

    Args:
        tracer_provider: Where spans go; None for the one that is set up for the process.
        meter_provider: The same for metrics.
    """

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._tracer = trace.get_tracer("pyro_observe", __version__, tracer_provider)
        meter = metrics.get_meter("pyro_observe", __version__, meter_provider)
        self._duration = {
            side: meter.create_histogram(f"rpc.{side}.duration", "ms", "Time that calls took.")
            for side in ("client", "server")
        }
        self._sizes = {
            (side, way): meter.create_histogram(f"rpc.{side}.{way}.size", "By", f"Size of a {way}.")
            for side in ("client", "server")
            for way in ("request", "response")
        }
        self._propagator = TraceContextTextMapPropagator()
        self._labels = Labels()

    def call_begins(self, call: ObservedCall) -> Callable[[], None]:
        served = call.side == "server"
        parent = self._parent(call) if served else contexts.get_current()
        service, method = service_of(call), method_of(call)
        span = self._tracer.start_span(
            f"{service}/{method}",
            parent,
            SpanKind.SERVER if served else SpanKind.CLIENT,
            {"rpc.system": SYSTEM, "rpc.service": service, "rpc.method": method, "pyro.kind": call.kind},
        )
        inside = trace.set_span_in_context(span, parent)
        token = None
        if served:
            token = contexts.attach(inside)
        else:
            headers: dict[str, str] = {}
            self._propagator.inject(headers, inside)
            call.annotations_out.update(trace_context.annotation(headers))

        def ended() -> None:
            if token is not None:
                contexts.detach(token)
            self._measure(call, inside)
            _finish(span, call)

        return ended

    def _parent(self, call: ObservedCall) -> Context:
        """What the caller says. What is current here has nothing to do with it."""
        return self._propagator.extract(trace_context.carried(call.annotations_in), Context())

    def _measure(self, call: ObservedCall, inside: Context) -> None:
        service, method = self._labels.of(call)
        labels = {"rpc.system": SYSTEM, "rpc.service": service, "rpc.method": method}
        came, went = ("request", "response") if call.side == "server" else ("response", "request")
        for way, size in ((came, call.bytes_in), (went, call.bytes_out)):
            if size:
                self._sizes[call.side, way].record(size, labels, context=inside)
        if call.error is not None:
            labels["error.type"] = type(call.error).__name__
        self._duration[call.side].record(call.duration_s * 1000, labels, context=inside)


def _finish(span: Span, call: ObservedCall) -> None:
    if span.is_recording():
        host, _, port = call.peer.rpartition(":")
        role = "client" if call.side == "server" else "server"
        if port.isdigit():
            span.set_attribute(f"{role}.address", host)
            span.set_attribute(f"{role}.port", int(port))
        elif call.peer:
            span.set_attribute(f"{role}.address", call.peer)
        if call.correlation_id is not None:
            span.set_attribute("pyro.correlation_id", call.correlation_id.hex())
        if call.principal is not None:
            span.set_attribute("enduser.id", call.principal)
        if call.kind == "batch":
            span.set_attribute("pyro.calls", call.calls)
        if not call.known:
            span.set_attribute("rpc.method_original", call.method[:200])
        if call.error is not None:
            kind = type(call.error)
            span.record_exception(call.error)
            span.set_attribute("error.type", f"{kind.__module__}.{kind.__qualname__}")
            span.set_status(Status(StatusCode.ERROR, kind.__name__))
    span.end()


@cache
def observer() -> Tracing:
    """The observer for the providers of the process."""
    return Tracing()
