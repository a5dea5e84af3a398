"""Sends too much: with no limit of its own, then with one, then to a server that has one.

Usage: python client.py ADDRESS
"""

import sys

from pyro_client import ClientSettings, ConnectionClosedError, MessageTooLarge, Proxy
from pyro_core import Limits

MUCH_BYTES = 200_000
LIMIT_BYTES = 1_000
STRICT = ClientSettings(limits=Limits(max_message_bytes=LIMIT_BYTES))


def main(address: str) -> None:
    """Say what came of each attempt.

    Args:
        address: Of an echo server.
    """
    much = "x" * MUCH_BYTES
    with Proxy(address) as echo:
        print(f"generous: {len(echo.echo(much))} characters there and back")
    with Proxy(address, settings=STRICT) as echo:
        try:
            echo.echo(much)
        except MessageTooLarge as problem:
            print(f"a limit of {LIMIT_BYTES} bytes: {problem}")
        print(f"and the connection is still good: {echo.echo('small')}")


def refused(address: str) -> None:
    """The same to a server that does not take so much.

    Args:
        address: Of an echo server with a limit.
    """
    with Proxy(address) as echo:
        try:
            echo.echo("x" * MUCH_BYTES)
        except (MessageTooLarge, ConnectionClosedError) as problem:
            print(f"{type(problem).__name__}: {problem}")
        print(f"what is small still gets through: {echo.echo('small')}")


if __name__ == "__main__":
    (refused if "--refused" in sys.argv else main)(sys.argv[1])
