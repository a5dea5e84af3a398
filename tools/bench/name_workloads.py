"""What name servers are asked, the same for every peer. Imports nothing of any peer."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

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


def fill(nameserver: Any) -> None:
    """Register all names, unless they are there."""
    if nameserver.count() < NAMES:
        for number in range(NAMES):
            nameserver.register(name(number), URI)


def calls(nameserver: Any) -> dict[str, Callable[[], object]]:
    """One call of each workload."""
    return {
        "lookup": lambda: str(nameserver.lookup(ONE)),
        "register": lambda: nameserver.register(ONE, URI),
        "prefix": lambda: len(nameserver.list(prefix=PREFIX)),
    }


EXPECTED: dict[str, object] = {"lookup": URI, "register": None, "prefix": FOUND}
