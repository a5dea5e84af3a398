"""Does the same business with every bank that the name server knows.

Usage: python client.py
"""

from decimal import Decimal

from pyro_client import Proxy, locate_ns

PREFIX = "example.banks."


def do_business(bank: Proxy) -> None:
    """Open accounts, pay in, take out, and see what the bank refuses."""
    print(f"\n{bank.name}")
    for owner in ("Irma", "Joost"):
        bank.open_account(owner)
    print(f"Irma pays in: {bank.deposit('Irma', Decimal('200.50'))}")
    try:
        print(f"Irma takes out more than she has: {bank.withdraw('Irma', Decimal('400.25'))}")
    except ValueError as problem:
        print(f"refused: {problem}")
    try:
        bank.deposit("Nobody", Decimal(1))
    except KeyError as problem:
        print(f"no such account: {problem}")
    try:
        bank.open_account("Joost")
    except ValueError as problem:
        print(f"refused: {problem}")
    print(f"balances: {', '.join(f'{owner} {sum}' for owner, sum in sorted(bank.balances().items()))}")
    print(f"Irma leaves with {bank.close_account('Irma')}, Joost with {bank.close_account('Joost')}")


if __name__ == "__main__":
    with locate_ns() as phone_book:
        names = sorted(phone_book.list(prefix=PREFIX))
    print(f"banks: {', '.join(names) or 'none; start bank_server.py'}")
    for name in names:
        with Proxy(f"PYRONAME:{name}") as proxy:
            do_business(proxy)
