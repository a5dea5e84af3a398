"""Publishes weather reports.

Usage: python publisher.py PLACE NUMBER
"""

import sys

from messages import BUS

from pyro_client import Proxy


def main(place: str, number: int) -> None:
    """Publish some reports.

    Args:
        place: Where the weather is; each place is a topic.
        number: How many reports.
    """
    with Proxy(BUS) as bus:
        for index in range(number):
            report = {"celsius": 15 + index, "sky": "blue" if index % 2 else "grey"}
            print(f"weather.{place} number {bus.publish(f'weather.{place}', report)}: {report}")
        print(f"topics: {bus.topics()}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
