"""Runs a program with the OpenTelemetry SDK set up, and prints a line for each span.

``opentelemetry-instrument python PROGRAM`` does the same for a real collector.

Usage: PYRO_OBSERVERS=opentelemetry python traced.py PROGRAM ARGUMENTS
"""

import runpy
import sys
from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult


class Lines(SpanExporter):
    """One line for each span, with the ends of its long ids."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Print spans."""
        for span in spans:
            parent = f"in {span.parent.span_id & 0xFFFFFF:06x}" if span.parent else "the root"
            print(
                f"trace {span.context.trace_id & 0xFFFFFF:06x}: {span.kind.name.lower()} {span.name} "
                f"{span.context.span_id & 0xFFFFFF:06x}, {parent}, {span.status.status_code.name.lower()}",
                flush=True,
            )
        return SpanExportResult.SUCCESS


if __name__ == "__main__":
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Lines()))
    trace.set_tracer_provider(provider)
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
