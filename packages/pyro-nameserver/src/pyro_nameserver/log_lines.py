"""How a name server that runs as a service logs: text for people, or one JSON object a line."""

import json
import logging
import sys
from datetime import UTC, datetime

from pyro_core.settings import NameServerSettings

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
    """Each record is a JSON object with ``time`` (UTC), ``level``, ``logger`` and ``message``.

    ``exception`` is there if there was one, and so are the fields of a dict ``extra={"fields": ...}``.
    """

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": when.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def set_up(settings: NameServerSettings) -> None:
    """Log to standard error from now on, as the settings say; may be called again."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else logging.Formatter(_TEXT))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
