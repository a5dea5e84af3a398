"""A till that everybody may look at, and only some may use.

Usage: python server.py TOKENS_FILE
"""

import logging
import sys

from pyro_server import AllowMethods, Daemon, Tokens, current_call, expose, serve


@expose
class Till:
    """Counts money."""

    def __init__(self) -> None:
        self._total = 0

    @property
    def total(self) -> int:
        """How much is in it."""
        return self._total

    def sell(self, amount: int) -> str:
        """Take money; gives a receipt."""
        self._total += amount
        return f"{amount}, served by {current_call().principal.name}"

    def close(self) -> int:
        """Take out all of it, in the evening."""
        total, self._total = self._total, 0
        return total


PERMISSIONS = AllowMethods(
    {
        "*": {"till": ["total"]},
        "role:cashier": {"till": ["sell"]},
        "boss": {"*": ["*"]},
    }
)
"""Who -> which objects -> what. An attribute is allowed by its name, writing it by ``name=``."""


def main(tokens_file: str) -> None:
    """Serve until Ctrl-C."""
    logging.basicConfig(level=logging.WARNING, format="log: %(message)s", stream=sys.stdout)
    with Daemon(authenticate=[Tokens(file=tokens_file)], authorize=PERMISSIONS) as daemon:
        serve({Till(): "till"}, daemon=daemon, use_ns=False)


if __name__ == "__main__":
    main(sys.argv[1])
