"""Offers objects of somebody else's class in three ways.

Usage: python server.py
"""

import weatherlib

from pyro_core import ClassRules
from pyro_server import Daemon, expose


class PublicStation:
    """An adapter: says what it offers, and translates.

    Args:
        station: What it stands before.
    """

    def __init__(self, station: weatherlib.WeatherStation) -> None:
        self._station = station

    @expose
    def measure(self) -> dict[str, str | float]:
        """Measure now; in plain values, so that clients need nothing of the library."""
        reading = self._station.measure()
        return {"place": reading.place, "celsius": reading.celsius}


def main() -> None:
    """Serve until Ctrl-C."""
    station = weatherlib.WeatherStation("De Bilt")
    rules = ClassRules()
    rules.register(weatherlib.Reading)
    with Daemon(rules=rules) as daemon:
        # Some members of one object:
        daemon.register(station, "some", expose=["celsius", "measure"])
        # What an adapter says:
        daemon.register(PublicStation(station), "adapted")
        # All that is public in the class, wherever its objects are registered from now on:
        daemon.register(expose(weatherlib.WeatherStation)("Den Helder"), "all")
        print(f"serving at {daemon.location}")
        for name in ("some", "adapted", "all"):
            print(f"{name}: {daemon.uri_for(name)}", flush=True)
        print("running", flush=True)
        daemon.request_loop()


if __name__ == "__main__":
    main()
