"""Plans trains through time zones.

Usage: python server.py
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pyro_server import expose, serve


@expose
class Station:
    """Knows what the clocks show in other places."""

    def echo(self, moment: datetime) -> datetime:
        """What arrived, as it was sent."""
        print(f"got {moment!r}", flush=True)
        return moment

    def arrival(self, departure: datetime, travel: timedelta, zone: str) -> datetime:
        """What the clocks show at the other end of a journey.

        Args:
            departure: When it begins, with its time zone.
            travel: How long it takes.
            zone: Time zone there.

        Raises:
            ValueError: If the departure is without a time zone: nobody here knows which one was meant.
        """
        if departure.tzinfo is None:
            raise ValueError(f"{departure} has no time zone; say which clock you mean")
        return (departure.astimezone(UTC) + travel).astimezone(ZoneInfo(zone))


if __name__ == "__main__":
    serve({Station: "station"}, use_ns=False)
