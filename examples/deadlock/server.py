"""A server whose method calls its client back before it answers.

Usage: python server.py
"""

from typing import Any

from pyro_server import expose, serve


@expose
class Bouncer:
    """Throws messages back, and waits for what comes of it."""

    def throw(self, back: Any, times: int) -> list[str]:
        """Call the client, which calls here again while this call still waits for it."""
        return [f"server {times}", *back.catch(times)] if times else ["the end"]


if __name__ == "__main__":
    serve({Bouncer(): "example.deadlock"})
