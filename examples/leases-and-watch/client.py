"""Uses the till by its name, kills it, and looks what becomes of the name.

Usage: python client.py
"""

from pyro_client import NameNotFound, Proxy, locate_ns

NAME = "shop.till"


def main() -> None:
    """Use the till, and kill it."""
    with Proxy(f"PYRONAME:{NAME}") as till:
        print(f"the till has {till.total()}")
        till.crash()
    with locate_ns() as phone_book, phone_book.watch(0, NAME) as changes:
        print("the till is dead, its name is still there" if NAME in phone_book.list() else "gone too early")
        for change in changes:  # wait until it is gone
            if change["kind"] == "expired":
                break
        try:
            phone_book.lookup(NAME)
        except NameNotFound as problem:
            print(f"now nobody is sent to a dead server any more: {problem}")


if __name__ == "__main__":
    main()
