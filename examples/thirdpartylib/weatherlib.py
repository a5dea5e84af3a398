"""Stands for a library of somebody else, which knows nothing of remote objects and cannot be changed."""

from dataclasses import dataclass


@dataclass
class Reading:
    """What a station has measured."""

    place: str
    celsius: float


class WeatherStation:
    """Measures the weather.

    Args:
        place: Where it stands.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self._celsius = 21.5

    @property
    def celsius(self) -> float:
        """The temperature."""
        return self._celsius

    def measure(self) -> Reading:
        """Measure now."""
        return Reading(self.place, self._celsius)

    def calibrate(self, degrees: float) -> None:
        """Change what is measured by some degrees."""
        self._celsius += degrees

    def self_destruct(self) -> str:
        """Not meant for everybody."""
        return "boom"
