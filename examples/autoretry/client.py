"""Calls an account over connections that get lost, without and with repetitions.

Usage: python client.py
"""

from pyro_client import ConnectionClosedError, Proxy

ACCOUNT = "PYRONAME:example.autoretry"


def without_retries() -> None:
    """The call fails, and its error tells what may have become of it."""
    with Proxy(ACCOUNT) as account:
        account.lose(1)
        try:
            account.withdraw(10)
        except ConnectionClosedError as problem:
            print(f"without retries: {type(problem).__name__}, {problem.delivery}")
        print(f"so we look: the balance is {account.balance()}, executed {account.executed()}")


def with_retries() -> None:
    """The call is made again, and the client sees nothing of the losses."""
    with Proxy(ACCOUNT) as account:
        account._pyro.max_retries = 3
        account.lose(1)
        print(
            f"with retries: {account.withdraw(10)} are left, executed {account.executed()['withdraw']} time"
        )
        account.lose(2)
        print(
            f"idempotent: the balance is {account.balance()}, executed {account.executed()['balance']} times"
        )
        try:
            account.withdraw(1000)
        except ValueError as problem:
            times = account.executed()["withdraw"]
            print(f"an exception is an answer and is not repeated: {problem}, executed {times} times")


def too_few_retries() -> None:
    """Patience ends with the error of the last attempt."""
    with Proxy(ACCOUNT) as account:
        account._pyro.max_retries = 1
        account.lose(5)
        try:
            account.balance()
        except ConnectionClosedError as problem:
            account.lose(0)
            times = account.executed()["balance"]
            print(f"too few retries: {type(problem).__name__} after {times} attempts")


if __name__ == "__main__":
    without_retries()
    with_retries()
    too_few_retries()
