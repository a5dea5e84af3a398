"""The server in between. It says nothing about time: what its caller has left, its own calls have left.

Usage: python front.py URI-OF-THE-LIBRARY
"""

import sys

from pyro_client import AsyncProxy
from pyro_server import expose, serve


@expose
class Desk:
    """Passes questions on.

    Args:
        library: Address of the library.
    """

    def __init__(self, library: str) -> None:
        self._library = AsyncProxy(library)  # calls of all clients share its connection

    async def ask(self, word: str, pages: int) -> str:
        """Ask the library; when this call is taken back, so is that one."""
        return f"the desk says: {await self._library.search(word, pages)}"


if __name__ == "__main__":
    serve({Desk(*sys.argv[1:]): "desk"}, use_ns=False)
