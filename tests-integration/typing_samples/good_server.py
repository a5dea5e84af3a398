"""Decorators leave the types of what they decorate as they are."""

from collections.abc import Iterator
from typing import assert_type

from pyro_client import connect
from pyro_server import Daemon, behavior, callback, expose, oneway


@expose
@behavior(instance_mode="single")
class Warehouse:
    def __init__(self) -> None:
        self.count = 0

    def store(self, item: str, count: int = 1) -> int:
        return count

    @oneway
    def note(self, text: str) -> None: ...

    @callback
    def failed(self) -> None: ...

    @property
    def size(self) -> int:
        return self.count

    def items(self) -> Iterator[str]:
        yield "bolt"


class Plain:
    @expose
    def method(self, a: int) -> str:
        return str(a)


def local() -> None:
    warehouse = Warehouse()
    assert_type(warehouse, Warehouse)
    assert_type(warehouse.store("bolt"), int)
    assert_type(warehouse.size, int)
    assert_type(Plain().method(1), str)
    warehouse.note("text")


def served() -> None:
    with Daemon() as daemon:
        uri = daemon.register(Warehouse, "warehouse")
        assert_type(connect(uri, Warehouse).store("bolt"), int)
