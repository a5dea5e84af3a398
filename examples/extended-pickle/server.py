"""Runs functions that its clients send. Only for clients that may run anything on this machine.

Usage: python server.py [SERIALIZER]
"""

import os
import sys
from collections.abc import Callable
from typing import Any

from pyro_server import Daemon, expose, serve


@expose
class Runner:
    """Runs what it gets."""

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function here."""
        return function(*args)

    def compose(self, *functions: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """A function that calls all of them, one after the other: functions are results as well."""

        def composed(value: Any) -> Any:
            for function in functions:
                value = function(value)
            return value

        return composed

    def process(self) -> int:
        """Number of this process."""
        return os.getpid()


if __name__ == "__main__":
    # "serpent" is there for everybody; what can carry code only if it is asked for by name.
    with Daemon(serializers=["serpent", *sys.argv[1:]]) as daemon:
        serve({Runner(): "runner"}, daemon=daemon, use_ns=False)
