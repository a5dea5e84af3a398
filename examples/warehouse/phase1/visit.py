"""Phase 1: two visitors in the same program as the warehouse.

Usage: python visit.py
"""

from warehouse import Warehouse


def visit(warehouse: Warehouse, visitor: str, brings: str, takes: str) -> None:
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
    ours = Warehouse()
    visit(ours, "Janet", "lamp", "bike")
    visit(ours, "Henry", "hat", "bike")
