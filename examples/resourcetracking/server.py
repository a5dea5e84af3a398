"""Hands out resources that must be given back, also by clients that vanish."""

from typing import Any

from pyro_server import Daemon, behavior, current_call, expose, serve


class Printer:
    """Something that costs as long as it is held."""

    def __init__(self, name: str) -> None:
        self.name = name

    def close(self) -> None:
        """Give it back. The daemon calls this for tracked resources, and needs nothing else of them."""
        print(f"closed {self.name}", flush=True)


@expose
@behavior(instance_mode="session")
class Office:
    """Lends printers; it belongs to one client, and so do the printers in it."""

    def __init__(self) -> None:
        self._held: dict[str, Printer] = {}  # keeps them alive; the daemon's list does not

    def borrow(self, name: str) -> None:
        """Hold a printer until it is brought back, or until the client is gone."""
        self._held[name] = printer = Printer(name)
        current_call().connection.track_resource(printer)

    def bring_back(self, name: str) -> None:
        """Give one back in order."""
        printer = self._held.pop(name)
        current_call().connection.untrack_resource(printer)
        printer.close()

    def held(self) -> list[str]:
        """What the daemon would close now."""
        return sorted(printer.name for printer in current_call().connection.tracked)


class TellingDaemon(Daemon):
    """Tells who leaves, which is before the resources are closed."""

    def client_disconnect(self, connection: Any) -> None:
        """A client is gone."""
        print(f"a client is gone, still holding {sorted(p.name for p in connection.tracked)}", flush=True)


if __name__ == "__main__":
    with TellingDaemon() as daemon:
        serve({Office: "office"}, daemon=daemon, use_ns=False)
