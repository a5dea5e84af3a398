"""Phase 2: two visitors of a warehouse whose address is typed in.

Usage: python visit.py
"""

from pyro_client import Proxy


def visit(warehouse: Proxy, visitor: str, brings: str, takes: str) -> None:
    """Store one thing and take another.

    Args:
        warehouse: The warehouse, wherever it is.
        visitor: Who visits.
        brings: What to put in.
        takes: What to take out.
    """
    print(f"This is {visitor}. The warehouse holds {', '.join(warehouse.contents())}")
    print(f"with the {brings} there are {warehouse.store(visitor, brings)} things")
    try:
        print(f"here is the {warehouse.take(visitor, takes)}")
    except LookupError as problem:
        print(f"no luck: {problem}")


if __name__ == "__main__":
    with Proxy(input("address of the warehouse: ").strip()) as there:
        visit(there, "Janet", "lamp", "bike")
        visit(there, "Henry", "hat", "bike")
