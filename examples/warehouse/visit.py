"""A visitor: finds the warehouse by its name and calls it as if it were here.

Usage: python visit.py NAME BRINGS TAKES
"""

import sys

from pyro_client import Proxy
from pyro_core.remote_errors import traceback_text

WAREHOUSE = "PYRONAME:example.warehouse"


def visit(visitor: str, brings: str, takes: str) -> None:
    """Store one thing and take another.

    Args:
        visitor: Who visits.
        brings: What to put in.
        takes: What to take out.
    """
    with Proxy(WAREHOUSE) as warehouse:
        print(f"the warehouse holds {', '.join(warehouse.contents())}")
        count = warehouse.store(visitor, brings)
        print(f"stored the {brings}: {count} of {warehouse.capacity} places are taken")
        try:
            print(f"took the {warehouse.take(visitor, takes)}")
        except LookupError as problem:  # the remote exception arrives as its own type
            print(f"could not take the {takes}. What happened, here and over there:")
            print(traceback_text(problem), end="")


if __name__ == "__main__":
    visit(*sys.argv[1:4])
