"""Which event loop a server runs where the program has none."""

import asyncio

from pyro_core.errors import PyroError


def new_event_loop(name: str) -> asyncio.AbstractEventLoop:
    """A new event loop.

    Args:
        name: ``asyncio``, ``uvloop``, or ``auto`` for the latter where it is installed.

    Raises:
        PyroError: If it is not installed.
    """
    if name != "asyncio":
        try:
            import uvloop
        except ImportError as problem:
            if name == "uvloop":
                raise PyroError(
                    "the event loop 'uvloop' is not installed: pip install 'pyro-server[uvloop]' (not on "
                    "Windows), or set event_loop to 'auto' or 'asyncio'"
                ) from problem
        else:
            loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
            return loop
    return asyncio.new_event_loop()
