"""A server that calls another one. Nothing in it is about being observed.

Usage: python shop.py URI-OF-THE-WAREHOUSE
"""

import sys

from pyro_client import Proxy
from pyro_server import expose, serve


@expose
class Shop:
    """Sells what the warehouse has.

    Args:
        warehouse: Address of the warehouse.
    """

    def __init__(self, warehouse: str) -> None:
        self._warehouse = Proxy(warehouse)

    def offer(self, item: str) -> str:
        """What to tell a customer."""
        return f"{self._warehouse.count(item)} x {item}"


if __name__ == "__main__":
    serve({Shop(*sys.argv[1:]): "shop"}, use_ns=False)
