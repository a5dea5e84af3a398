"""What name servers are asked, the same for every peer. Imports nothing of any peer."""

import sqlite3
from contextlib import closing
from typing import Any

from workloads import expect

NAMES = 10_000
"""Names that are there all the time."""
URI = "PYRO:object@localhost:4444"
ONE = "bench.05000"
PREFIX = "bench.012"
FOUND = 100
"""Names with that prefix."""


def name(number: int) -> str:
    """One of the names."""
    return f"bench.{number:05}"


def make_file(path: str) -> None:
    """A sqlite file with all names, in the tables of stock name servers."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "CREATE TABLE pyro_names (id integer PRIMARY KEY, name nvarchar NOT NULL UNIQUE, "
            "uri nvarchar NOT NULL)"
        )
        db.execute(
            "CREATE TABLE pyro_metadata (object integer NOT NULL, metadata nvarchar NOT NULL, "
            "FOREIGN KEY(object) REFERENCES pyro_names(id))"
        )
        rows = [(name(number), URI) for number in range(NAMES)]
        db.executemany("INSERT INTO pyro_names(name, uri) VALUES(?, ?)", rows)


class Client:
    """Asks a name server, and fills it first unless it has the names.

    Args:
        nameserver: A proxy of it.
    """

    def __init__(self, nameserver: Any) -> None:
        self._nameserver = nameserver
        if nameserver.count() < NAMES:
            for number in range(NAMES):
                nameserver.register(name(number), URI)

    def lookup(self, count: int) -> None:
        """One of the names."""
        for _ in range(count):
            expect(str(self._nameserver.lookup(ONE)), URI)

    def register(self, count: int) -> None:
        """A name that is there already."""
        for _ in range(count):
            self._nameserver.register(ONE, URI)

    def prefix(self, count: int) -> None:
        """Names with a prefix."""
        for _ in range(count):
            expect(len(self._nameserver.list(prefix=PREFIX)), FOUND)
