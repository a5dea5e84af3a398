"""Gets exceptions of all kinds from a server.

Usage: python client.py
"""

import sys

from kitchen_errors import RULES, SoldOut

from pyro_client import Proxy, RemoteError
from pyro_core import excepthook, traceback_text

KITCHEN = "PYRONAME:example.exceptions"


def show_all(kitchen: Proxy) -> None:
    """What arrives of each."""
    for name in ("sold_out", "burn", "leave", "hold", "serve_lock", "nothing_like_this"):
        try:
            getattr(kitchen, name)()
        except Exception as problem:
            print(f"{name}: {type(problem).__name__}: {problem}")


def look_closer(kitchen: Proxy) -> None:
    """Exceptions are objects with more in them than a text."""
    try:
        kitchen.explain()
    except RuntimeError as problem:
        print(f"with a note: {problem}, {problem.__notes__[0]}")
        print(traceback_text(problem), end="")
    try:
        kitchen.burn()
    except RemoteError as problem:
        print(f"of an unknown type: {problem.type_name}, {problem.remote_args}")
    with Proxy(KITCHEN, rules=RULES) as better_known:
        try:
            better_known.sold_out()
        except SoldOut as problem:
            print(f"of a type of our own: {problem.dish} is out, so we take {problem.instead[0]}")


if __name__ == "__main__":
    sys.excepthook = excepthook  # prints what happened over there, too
    with Proxy(KITCHEN) as proxy:
        show_all(proxy)
        look_closer(proxy)
        print("the last one is not caught:")
        proxy.divide(2, 0)
