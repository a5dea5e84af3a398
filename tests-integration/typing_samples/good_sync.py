"""Everything here is right: a checker that complains is wrong, or our annotations are."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar, assert_type

from pyro_client import URI, ClientSettings, Proxy, check_interface, connect, connecting, control_of

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Warehouse(Protocol):
    name: str

    @property
    def size(self) -> int: ...

    def store(self, item: str, count: int = 1, *, note: str | None = None) -> int: ...

    def items(self) -> Iterator[str]: ...

    def __len__(self) -> int: ...


class Scale(ABC):
    @abstractmethod
    def weigh(self, item: str) -> float: ...


class Shelf:
    """A class of the server itself, whose arguments do not matter here."""

    def __init__(self, width: int) -> None:
        self.width = width

    def free(self) -> int:
        return self.width


class Box(Protocol[T_co]):
    def open(self) -> T_co: ...


class Drawer(Generic[T]):
    def __init__(self, content: T) -> None:
        self.content = content

    def look(self) -> T:
        return self.content


def plain() -> None:
    proxy = connect("PYRONAME:warehouse")
    assert_type(proxy, Proxy)
    proxy.whatever(1, 2, three=3)
    with connect("PYRONAME:warehouse") as opened:
        assert_type(opened, Proxy)
        assert_type(control_of(opened).timeout_s, float | None)


def interfaces() -> None:
    warehouse = connect("PYRONAME:warehouse", Warehouse)
    assert_type(warehouse, Warehouse)
    assert_type(warehouse.store("bolt"), int)
    assert_type(warehouse.store("nut", 3, note="steel"), int)
    assert_type(warehouse.name, str)
    assert_type(warehouse.size, int)
    assert_type(len(warehouse), int)
    for item in warehouse.items():
        assert_type(item, str)
    warehouse.name = "main"
    assert_type(connect(URI("PYRONAME:scale"), Scale).weigh("bolt"), float)
    assert_type(connect("PYRONAME:shelf", Shelf).free(), int)
    box: Box[int] = connect("PYRONAME:box", Box[int])
    assert_type(box.open(), int)
    assert_type(connect("PYRONAME:drawer", Drawer[str]).look(), str)


def arguments() -> None:
    settings = ClientSettings(serializer="json")
    connect("PYRONAME:warehouse", Warehouse, check=True, settings=settings, rules=None)
    connect("PYRONAME:warehouse", settings=settings)


def contexts() -> None:
    with connecting("PYRONAME:warehouse", Warehouse, check=True) as warehouse:
        assert_type(warehouse, Warehouse)
    with connecting("PYRONAME:warehouse") as proxy:
        assert_type(proxy, Proxy)


def controls() -> None:
    warehouse = connect("PYRONAME:warehouse", Warehouse)
    check_interface(warehouse, Warehouse)
    control = control_of(warehouse)
    control.timeout_s = 2.5
    assert_type(control.connected, bool)
    control.release()


def passed_on(warehouse: Warehouse) -> int:
    return warehouse.store("bolt")


def passing() -> None:
    passed_on(connect("PYRONAME:warehouse", Warehouse))
