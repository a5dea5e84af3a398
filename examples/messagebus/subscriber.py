"""Listens to a topic.

Usage: python subscriber.py NAME PLACE NUMBER
"""

import sys
from itertools import islice

from messages import BUS, Message, rules

from pyro_client import Proxy


def report(message: Message) -> str:
    """A message as text."""
    return (
        f"{message.topic} number {message.number}: {message.data['celsius']} degrees, {message.data['sky']}"
    )


def main(name: str, place: str, number: int) -> None:
    """Get some messages, wait for those that are not there yet, and leave.

    Args:
        name: Who listens.
        place: Whose weather.
        number: How many messages.
    """
    topic = f"weather.{place}"
    with Proxy(BUS, rules=rules()) as bus, bus.listen(topic, name) as messages:
        for message in islice(messages, number):
            print(f"{name} got {report(message)}", flush=True)
            bus.done(topic, name, message.number)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
