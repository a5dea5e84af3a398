"""A thermostat with attributes of every kind: readable, writable, computed, and private."""

from pyro_server import expose, serve


class Thermostat:
    """Keeps a room warm."""

    hardware = "T-1000"  # not exposed: a plain attribute cannot be reached from outside

    def __init__(self) -> None:
        self._wanted = 20.0
        self._limits = {"low": 5.0, "high": 28.0}
        self.service_code = "1234"

    @expose
    @property
    def wanted(self) -> float:
        """The temperature that is wanted, in degrees; ``ValueError`` outside of the limits."""
        return self._wanted

    @wanted.setter
    def wanted(self, degrees: float) -> None:
        if not self._limits["low"] <= degrees <= self._limits["high"]:
            raise ValueError(
                f"{degrees} degrees is not within {self._limits['low']} to {self._limits['high']}"
            )
        self._wanted = degrees

    @expose
    @property
    def limits(self) -> dict[str, float]:
        """The limits; there is no setter, so it can only be read."""
        return self._limits

    @expose
    def __len__(self) -> int:
        """How many limits there are: special methods are exposed by the decorator, too."""
        return len(self._limits)

    @expose
    def describe(self) -> str:
        """How it is set."""
        return f"set to {self._wanted:.1f} degrees"


if __name__ == "__main__":
    serve({Thermostat: None})
