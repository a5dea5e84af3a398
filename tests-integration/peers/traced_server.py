"""A server whose calls are traced: ``traced_server.py SERVERTYPE [URI]`` prints ``ready URI``.

With a URI, its ``relay`` calls ``add`` there. ``spans`` gives what the exporter of OpenTelemetry got, and
``complaints`` what OpenTelemetry logged.
"""

import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from pyro_client import Proxy
from pyro_server import Daemon, callback, expose, oneway

EXPORTER = InMemorySpanExporter()
COMPLAINTS: list[str] = []


@expose
class Thing:
    def __init__(self, other: str | None) -> None:
        self.other = other
        self.size = 3

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

    def relay(self, a: int, b: int) -> int:
        assert self.other is not None
        with Proxy(self.other) as other:
            result: int = other.add(a, b)
            return result

    @callback
    def back(self, function: Any, value: int) -> Any:
        return function(value)

    def complaints(self) -> list[str]:
        return COMPLAINTS

    def spans(self) -> list[Any]:
        return [
            [
                span.name,
                span.kind.name,
                f"{span.context.trace_id:032x}",
                f"{span.context.span_id:016x}",
                f"{span.parent.span_id:016x}" if span.parent else None,
                span.status.status_code.name,
            ]
            for span in EXPORTER.get_finished_spans()
        ]


class Complaints(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        COMPLAINTS.append(record.getMessage())


def main(servertype: str, other: str | None = None) -> None:
    logging.getLogger("opentelemetry").addHandler(Complaints())
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(EXPORTER))
    trace.set_tracer_provider(provider)
    with Daemon(servertype=servertype) as daemon:
        print("ready", daemon.register(Thing(other), "traced"), flush=True)
        threading.Thread(target=lambda: (sys.stdin.read(), daemon.shutdown()), daemon=True).start()
        daemon.request_loop()


main(*sys.argv[1:])
