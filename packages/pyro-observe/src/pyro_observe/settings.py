"""Settings of the observers of this package, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pyro_core import setting_kinds as kinds
from pyro_core.setting_sources import FromOutside


class _Share:
    """A part of the whole, from 0 to 1."""

    def of_text(self, text: str) -> float:
        try:
            return self.of_value(float(text))
        except ValueError:
            raise ValueError("a number from 0 to 1") from None

    def of_value(self, value: object) -> float:
        if type(value) not in (int, float) or not 0 <= value <= 1:  # type: ignore[operator]
            raise ValueError("a number from 0 to 1")
        return float(value)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserveSettings(FromOutside):
    """How the observers behave.

    Attributes:
        prometheus: Where a process with a daemon answers scrapers over HTTP: ``PORT`` on loopback, or
            ``HOST:PORT``; None for nowhere.
        access_log: A file for the access log, or ``-`` for standard error; None for wherever the program's
            logging puts it.
        access_log_sample: The share of the calls that go well that is in the access log. All that fail are.
        wire_log_payload_bytes: So much of each payload is in the wire log, but nothing of handshakes.
    """

    prometheus: str | None = None
    access_log: str | None = None
    access_log_sample: float = 1.0
    wire_log_payload_bytes: int = 0

    _TABLE: ClassVar[str] = "observe"
    _VARIABLES: ClassVar[Mapping[str, tuple[str, kinds.Kind]]] = {
        "PYRO_PROMETHEUS": ("prometheus", kinds.OPTIONAL_TEXT),
        "PYRO_ACCESS_LOG": ("access_log", kinds.OPTIONAL_TEXT),
        "PYRO_ACCESS_LOG_SAMPLE": ("access_log_sample", _Share()),
        "PYRO_WIRE_LOG_PAYLOAD_BYTES": ("wire_log_payload_bytes", kinds.Whole(0)),
    }
