"""Where the bus keeps messages, and who has had which."""

import json
import sqlite3
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from messages import Message


class Storage(Protocol):
    """What the bus needs of a storage."""

    def add(self, topic: str, created: datetime, data: Any) -> Message:
        """Keep a message; gives it with its number."""

    def after(self, topic: str, number: int) -> list[Message]:
        """The messages of a topic after that number, in order."""

    def topics(self) -> dict[str, int]:
        """How many messages each topic has."""

    def position(self, topic: str, subscriber: str) -> int:
        """Number of the last message that a subscriber has dealt with."""

    def move(self, topic: str, subscriber: str, number: int) -> None:
        """Remember that a subscriber has dealt with all messages up to that number."""


class MemoryStorage:
    """Keeps everything as long as the bus runs."""

    def __init__(self) -> None:
        self._messages: defaultdict[str, list[Message]] = defaultdict(list)
        self._positions: Counter[tuple[str, str]] = Counter()

    def add(self, topic: str, created: datetime, data: Any) -> Message:
        message = Message(len(self._messages[topic]) + 1, topic, created, data)
        self._messages[topic].append(message)
        return message

    def after(self, topic: str, number: int) -> list[Message]:
        return self._messages[topic][number:] if topic in self._messages else []

    def topics(self) -> dict[str, int]:
        return {topic: len(messages) for topic, messages in self._messages.items()}

    def position(self, topic: str, subscriber: str) -> int:
        return self._positions[topic, subscriber]

    def move(self, topic: str, subscriber: str, number: int) -> None:
        self._positions[topic, subscriber] = max(number, self._positions[topic, subscriber])


class SqliteStorage:
    """Keeps everything in a file. What is published has to be something that json can say.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.executescript(
            """
            CREATE TABLE IF NOT EXISTS messages (
                topic TEXT, number INTEGER, created TEXT, data TEXT, PRIMARY KEY (topic, number)
            ) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS positions (
                topic TEXT, subscriber TEXT, number INTEGER, PRIMARY KEY (topic, subscriber)
            ) WITHOUT ROWID;
            """
        )

    def add(self, topic: str, created: datetime, data: Any) -> Message:
        with self._db:
            number = 1 + self._number("SELECT max(number) FROM messages WHERE topic = ?", topic)
            row = (topic, number, created.isoformat(), json.dumps(data))
            self._db.execute("INSERT INTO messages VALUES (?, ?, ?, ?)", row)
        return Message(number, topic, created, data)

    def after(self, topic: str, number: int) -> list[Message]:
        rows = self._db.execute(
            "SELECT number, created, data FROM messages WHERE topic = ? AND number > ? ORDER BY number",
            (topic, number),
        )
        return [
            Message(number, topic, datetime.fromisoformat(created), json.loads(data))
            for number, created, data in rows
        ]

    def topics(self) -> dict[str, int]:
        return dict(self._db.execute("SELECT topic, count(*) FROM messages GROUP BY topic"))

    def position(self, topic: str, subscriber: str) -> int:
        wanted = "SELECT number FROM positions WHERE topic = ? AND subscriber = ?"
        return self._number(wanted, topic, subscriber)

    def move(self, topic: str, subscriber: str, number: int) -> None:
        with self._db:
            self._db.execute(
                "INSERT INTO positions VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET number = max(number, excluded.number)",
                (topic, subscriber, number),
            )

    def _number(self, query: str, *arguments: str) -> int:
        row = self._db.execute(query, arguments).fetchone()
        return (row and row[0]) or 0
