"""Two banks with different ideas of credit, in one process.

Usage: python bank_server.py
"""

import threading
from decimal import Decimal

from pyro_server import expose, serve

PREFIX = "example.banks."


@expose
class Bank:
    """Keeps accounts.

    Args:
        name: What the bank is called.
        overdraft: How far below zero an account may go.
    """

    def __init__(self, name: str, overdraft: Decimal) -> None:
        self._name = name
        self._overdraft = overdraft
        self._accounts: dict[str, Decimal] = {}
        self._lock = threading.Lock()  # customers call at the same time

    @property
    def name(self) -> str:
        """What the bank is called."""
        return self._name

    def open_account(self, owner: str) -> None:
        """Open an account; ``ValueError`` if the owner has one."""
        with self._lock:
            if owner in self._accounts:
                raise ValueError(f"{owner} has an account at {self._name} already")
            self._accounts[owner] = Decimal(0)

    def close_account(self, owner: str) -> Decimal:
        """Close an account; gives what was left. ``KeyError`` if there is none."""
        with self._lock:
            return self._accounts.pop(owner)

    def deposit(self, owner: str, amount: Decimal) -> Decimal:
        """Pay in; gives the new balance. ``KeyError`` if there is no account."""
        with self._lock:
            self._accounts[owner] += amount
            return self._accounts[owner]

    def withdraw(self, owner: str, amount: Decimal) -> Decimal:
        """Take out; gives the new balance. ``ValueError`` if the bank does not lend that much."""
        with self._lock:
            balance = self._accounts[owner] - amount
            if balance < -self._overdraft:
                raise ValueError(
                    f"{self._name} lends at most {self._overdraft}, and {owner} would owe {-balance}"
                )
            self._accounts[owner] = balance
            return balance

    def balances(self) -> dict[str, Decimal]:
        """Everybody's balance."""
        with self._lock:
            return dict(self._accounts)


if __name__ == "__main__":
    strict = Bank("Bank of Stone", overdraft=Decimal(0))
    generous = Bank("River Bank", overdraft=Decimal(500))
    serve({strict: f"{PREFIX}stone", generous: f"{PREFIX}river"})
