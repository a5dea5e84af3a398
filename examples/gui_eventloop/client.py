"""Uses a window of another program.

Usage: python client.py URI
"""

import sys

from pyro_client import Proxy


def main(uri: str) -> None:
    """Show texts, press the button, and close the window."""
    with Proxy(uri) as window:
        for text in ("hello from outside", "and goodbye"):
            print(f"before: {window.show(text)!r}, now: {window.shown()!r}")
        window.press()
        print(f"the button says: {window.press()}")
        narrow, wide = window.resize(20), window.resize(60)
        print(f"60 characters are wider than 20: {wide > narrow}")
        try:
            window.resize(10_000)
        except ValueError as problem:
            print(f"ValueError: {problem}")
        window.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
