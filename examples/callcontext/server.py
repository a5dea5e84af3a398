"""Tells what surrounds its calls, and sends something back along with the answers."""

from collections.abc import Mapping

from pyro_client import Proxy
from pyro_server import Daemon, current_call, expose, serve

KNOWN = ("LANG", "USER")
"""The annotations that this server understands. Others may be there, also some of the system itself."""


@expose
class Backend:
    """Called by the other object of this server."""

    def work(self) -> str:
        """Tell for what it works. Nobody told this method, but the id went along."""
        return str(current_call().correlation_id)


@expose
class Frontend:
    """Called by clients."""

    def __init__(self, backend: str) -> None:
        self._backend = backend

    def greet(self) -> str:
        """A greeting in the language that goes along with the call."""
        call = current_call()
        print(f"{call.object_id}.{call.method} for {call.correlation_id}", flush=True)
        print(f"from this machine: {call.client_address.startswith('127.0.0.1:')}", flush=True)
        sent = {name: bytes(call.annotations[name]).decode() for name in KNOWN if name in call.annotations}
        print(f"serializer {call.serializer}, protocol {call.version}, annotations {sent}", flush=True)
        if call.remaining_s is not None:
            print(f"the client waits {call.remaining_s:.0f} seconds more", flush=True)
        with Proxy(self._backend) as backend:
            print(f"backend has the same id: {backend.work() == str(call.correlation_id)}", flush=True)
        call.response_annotations["MOOD"] = b"cheerful"
        return {"it": "buongiorno"}.get(sent.get("LANG", ""), "hello")


class SigningDaemon(Daemon):
    """Has something to say along with every answer."""

    def annotations(self) -> Mapping[str, bytes]:
        """Goes along with every answer."""
        return {"HOST": b"example"}


if __name__ == "__main__":
    with SigningDaemon(host="127.0.0.1") as daemon:
        backend = daemon.register(Backend(), "backend")
        serve({Frontend(str(backend)): "frontend"}, daemon=daemon, use_ns=False)
