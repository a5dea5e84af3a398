"""Offers its own terminal to others, and talks to theirs.

Usage: python server.py
"""

import sys
from typing import Any

from streams import FILE_METHODS, interview

from pyro_server import Daemon, expose


@expose
class Console:
    """The terminal of this program, and somebody who asks at other terminals."""

    def streams(self) -> tuple[Any, Any]:
        """Standard input and output of this program."""
        return sys.stdin, sys.stdout  # they are registered, so that proxies of them arrive

    def interview(self, answers: Any, questions: Any) -> dict[str, str]:
        """Ask somebody at another terminal, whose streams are given."""
        given = interview(answers, questions)
        print(f"somebody elsewhere answered {given}", flush=True)
        return given


def main() -> None:
    """Serve until Ctrl-C."""
    with Daemon() as daemon:
        for stream in (sys.stdin, sys.stdout):
            daemon.register(stream, expose=FILE_METHODS)
        print(daemon.register(Console()), flush=True)
        daemon.request_loop()


if __name__ == "__main__":
    main()
