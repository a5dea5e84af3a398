"""The message bus: publishers leave messages in topics, subscribers get them, also later.

Usage: python bus.py memory|sqlite:FILE
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from messages import Message, rules
from storages import MemoryStorage, SqliteStorage, Storage

from pyro_server import Daemon, expose, serve

NAME = "example.messagebus"


@expose
class MessageBus:
    """Hands out messages. All methods run on one event loop: no locks, and no thread for each subscriber.

    Args:
        storage: Where messages are kept.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._news = asyncio.Condition()

    async def publish(self, topic: str, data: Any) -> int:
        """Leave a message for all subscribers of a topic; gives its number."""
        message = self._storage.add(topic, datetime.now(UTC), data)
        async with self._news:
            self._news.notify_all()
        return message.number

    async def topics(self) -> dict[str, int]:
        """How many messages each topic has."""
        return self._storage.topics()

    async def listen(self, topic: str, subscriber: str) -> AsyncIterator[Message]:
        """The messages of a topic that a subscriber has not dealt with, and then each new one. Does not end.

        Args:
            topic: Which topic.
            subscriber: Name of the subscriber, who is known by it when it comes again.
        """
        print(f"{subscriber} listens to {topic}", flush=True)
        number = self._storage.position(topic, subscriber)
        try:
            while True:
                async with self._news:
                    while not (waiting := self._storage.after(topic, number)):
                        await self._news.wait()
                for message in waiting:
                    yield message
                    number = message.number
        finally:
            print(f"{subscriber} has left {topic}", flush=True)

    async def done(self, topic: str, subscriber: str, number: int) -> None:
        """A subscriber has dealt with all messages up to that number, and is not to get them again."""
        self._storage.move(topic, subscriber, number)


def storage_of(spec: str) -> Storage:
    """The storage that is asked for.

    Raises:
        ValueError: If there is no such storage.
    """
    kind, _, path = spec.partition(":")
    if kind == "memory":
        return MemoryStorage()
    if kind == "sqlite" and path:
        return SqliteStorage(Path(path))
    raise ValueError(f"say memory or sqlite:FILE, not {spec!r}")


def main(spec: str) -> None:
    """Serve until Ctrl-C.

    Args:
        spec: Where messages are kept.
    """
    bus = MessageBus(storage_of(spec))
    print(f"messages are kept in {spec}")
    with Daemon(servertype="asyncio", rules=rules()) as daemon:
        serve({bus: NAME}, daemon=daemon)


if __name__ == "__main__":
    main(sys.argv[1])
