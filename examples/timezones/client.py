"""Sends moments with and without time zones, with each serializer.

Usage: python client.py ADDRESS
"""

import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from pyro_client import Proxy

SERIALIZERS = ("serpent", "json", "msgpack")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MOMENTS = {
    "no zone": datetime(2026, 3, 28, 12, 0),
    "UTC": datetime(2026, 3, 28, 12, 0, tzinfo=UTC),
    "an offset": datetime(2026, 3, 28, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    "Amsterdam": datetime(2026, 3, 28, 12, 0, tzinfo=AMSTERDAM),
    "autumn, the second 2:30": datetime(2026, 10, 25, 2, 30, tzinfo=AMSTERDAM, fold=1),
}


def zone_of(moment: Any) -> str:
    """A moment's time zone, as it is called."""
    return f"{type(moment.tzinfo).__name__}: {moment.tzinfo}"


def main(address: str) -> None:
    """Compare what was sent with what came back.

    Args:
        address: Of the station.
    """
    for serializer in SERIALIZERS:
        with Proxy(address) as station:
            station._pyro.serializer = serializer
            for what, moment in MOMENTS.items():
                back = station.echo(moment)
                same = (back, zone_of(back), back.fold) == (moment, zone_of(moment), moment.fold)
                print(
                    f"{serializer:>8}, {what}: {back} ({zone_of(back)}) {'same' if same else 'NOT THE SAME'}"
                )

    with Proxy(address) as station:
        evening = datetime(2026, 3, 28, 22, 0, tzinfo=AMSTERDAM)
        print(f"22:00 and 9 hours later: {station.arrival(evening, timedelta(hours=9), 'Europe/Amsterdam')}")
        print(f"the same in Kathmandu:   {station.arrival(evening, timedelta(hours=9), 'Asia/Kathmandu')}")
        try:
            station.arrival(datetime(2026, 3, 28, 22, 0), timedelta(hours=9), "Europe/Amsterdam")
        except ValueError as problem:
            print(f"without a zone: {problem}")


if __name__ == "__main__":
    main(sys.argv[1])
