"""What the benchmarks call: methods that do nothing.

Usage: python server.py
"""

from pyro_server import Daemon, expose, oneway, serve


@expose
class Nothing:
    """Does nothing, in several ways."""

    def without(self) -> None:
        """No arguments, no result."""

    def echo(self, value: object) -> object:
        """Give back what came."""
        return value

    def keywords(self, *, name: str, number: int) -> str:
        """Arguments by name."""
        return name

    @oneway
    def oneway(self, value: object) -> None:
        """Nobody waits for this."""


if __name__ == "__main__":
    with Daemon(serializers=["serpent", "json", "marshal", "msgpack"]) as daemon:
        serve({Nothing(): None}, daemon=daemon)
