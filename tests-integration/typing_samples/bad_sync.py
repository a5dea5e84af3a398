"""Each marked line is a mistake, which the named rule of each checker must report; no other line is."""

# pyright: standard

from typing import Protocol

from pyro_client import connect, connecting, control_of

WHERE = "PYRONAME:warehouse"


class Warehouse(Protocol):
    @property
    def size(self) -> int: ...

    def store(self, item: str, count: int = 1) -> int: ...


def members(warehouse: Warehouse) -> None:
    warehouse.store(3)  # error: mypy[arg-type] pyright[reportArgumentType]
    warehouse.store("bolt", many=1)  # error: mypy[call-arg] pyright[reportCallIssue]
    warehouse.store()  # error: mypy[call-arg] pyright[reportCallIssue]
    warehouse.stor("bolt")  # error: mypy[attr-defined] pyright[reportAttributeAccessIssue]
    warehouse.size = 3  # error: mypy[misc] pyright[reportAttributeAccessIssue]


def results() -> None:
    warehouse = connect(WHERE, Warehouse)
    name: str = warehouse.store("bolt")  # error: mypy[assignment] pyright[reportAssignmentType]
    print(name.upper())
    warehouse.unknown()  # error: mypy[attr-defined] pyright[reportAttributeAccessIssue]
    with connecting(WHERE, Warehouse) as opened:
        opened.store(None)  # error: mypy[arg-type] pyright[reportArgumentType]
        print(opened._pyro)  # error: mypy[attr-defined] pyright[reportAttributeAccessIssue]


def arguments() -> None:
    connect(WHERE, 3)  # error: mypy[call-overload] pyright[reportCallIssue]
    connect(WHERE, check=True)  # error: mypy[call-overload] pyright[reportCallIssue]
    connect(3, Warehouse)  # error: mypy[call-overload] pyright[reportCallIssue]
    with connect(WHERE, Warehouse):  # error: mypy[attr-defined] pyright[reportGeneralTypeIssues]
        pass
    control = control_of(connect(WHERE, Warehouse))
    control.timeout_s = "2"  # error: mypy[assignment] pyright[reportAttributeAccessIssue]
