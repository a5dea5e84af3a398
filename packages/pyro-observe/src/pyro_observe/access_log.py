"""The access log: one JSON object for each call, to the logger ``pyro.access``.

Arguments, results, annotations and what was said in a handshake are never in it, and of errors only the type.
"""

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from logging.handlers import WatchedFileHandler
from random import random
from typing import Any, Final
from uuid import UUID

from pyro_core.errors import SettingsError
from pyro_core.observing import ObservedCall, Observer
from pyro_observe.settings import ObserveSettings
from pyro_observe.trace_context import trace_id

log = logging.getLogger("pyro.access")

_MOST_CHARACTERS: Final = 200
"""Of a name that somebody may have made up."""


class AccessLog(Observer):
    """Logs each call when it has ended, at level INFO. The record has the same as ``fields``.

    Args:
        sample: Which share of the calls that go well is logged, from 0 to 1.
        draw: Gives numbers from 0 up to 1, by chance.
    """

    def __init__(self, sample: float = 1.0, *, draw: Callable[[], float] = random) -> None:
        self._sample = sample
        self._draw = draw

    def call_begins(self, call: ObservedCall) -> Callable[[], None] | None:
        if not log.isEnabledFor(logging.INFO):
            return None

        def ended() -> None:
            if call.error is not None or self._sample >= 1 or self._draw() < self._sample:
                fields = _fields(call)
                log.info("%s", json.dumps(fields), extra={"fields": fields})

        return ended


def _fields(call: ObservedCall) -> dict[str, Any]:
    when = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    fields: dict[str, Any] = {
        "time": when,
        "side": call.side,
        "peer": call.peer,
        "principal": call.principal,
        "object": call.object_id[:_MOST_CHARACTERS],
        "method": call.method[:_MOST_CHARACTERS],
        "kind": call.kind,
        "outcome": call.outcome,
        "duration_ms": round(call.duration_s * 1000, 3),
        "bytes_in": call.bytes_in,
        "bytes_out": call.bytes_out,
        "correlation_id": None if call.correlation_id is None else str(UUID(bytes=call.correlation_id)),
        "trace_id": _trace_of(call),
    }
    if call.kind == "batch":
        fields["calls"] = call.calls
    return fields


def _trace_of(call: ObservedCall) -> str | None:
    found = trace_id(call.annotations_in if call.side == "server" else call.annotations_out)
    traces = sys.modules.get("opentelemetry.trace")
    if found is None and traces is not None:  # the trace may have begun here
        current = traces.get_current_span().get_span_context()
        return f"{current.trace_id:032x}" if current.is_valid else None
    return found


@cache
def observer() -> AccessLog:
    """The observer that the environment describes."""
    settings = ObserveSettings.from_environ()
    if settings.access_log is not None:
        try:
            handler = _handler(settings.access_log)
        except OSError as problem:
            raise SettingsError(
                f"PYRO_ACCESS_LOG={settings.access_log!r} cannot be written to: "
                f"{problem.strerror or problem}; name a file that this process may write to, or - for "
                "standard error",
                name="PYRO_ACCESS_LOG",
            ) from problem
        handler.setFormatter(logging.Formatter("%(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False
    return AccessLog(settings.access_log_sample)


def _handler(place: str) -> logging.Handler:
    # Watched, so that logrotate may move it away.
    return logging.StreamHandler(sys.stderr) if place == "-" else WatchedFileHandler(place, encoding="utf-8")
