"""An account behind a bad network: connections are lost after the work is done, before the answer is out."""

import socket

from pyro_server import current_call, expose, idempotent, serve


@expose
class Account:
    """Some money, and a count of what was done to it."""

    def __init__(self) -> None:
        self._balance = 100
        self._executed = {"balance": 0, "withdraw": 0}
        self._losses = 0

    def lose(self, answers: int) -> None:
        """Lose the connection instead of sending so many of the next answers."""
        self._losses = answers

    @idempotent  # it does no harm to do this again
    def balance(self) -> int:
        """What is there."""
        return self._done("balance")

    def withdraw(self, amount: int) -> int:
        """Take out; gives what is left. ``ValueError`` if there is not so much."""
        if amount > self._balance:
            raise ValueError(f"there are only {self._balance}")
        self._balance -= amount
        return self._done("withdraw")

    def executed(self) -> dict[str, int]:
        """How often each method was executed since this was asked last."""
        counts, self._executed = self._executed, dict.fromkeys(self._executed, 0)
        return counts

    def _done(self, method: str) -> int:
        self._executed[method] += 1
        if self._losses:
            self._losses -= 1
            current_call().connection.socket.shutdown(socket.SHUT_RDWR)
        return self._balance


if __name__ == "__main__":
    serve({Account(): "example.autoretry"})
