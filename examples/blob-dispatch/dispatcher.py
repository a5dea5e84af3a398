"""Passes messages on to those who asked for their topic, without reading them."""

from typing import Any

from pyro_client import Blob, CommunicationError
from pyro_server import behavior, expose, serve


@expose
@behavior(instance_mode="single")
class Dispatcher:
    """Knows who listens to what."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Any]] = {}

    def listen(self, topic: str, listener: Any) -> None:
        """Pass messages of a topic on to an object, which arrives here as a proxy."""
        print(f"somebody listens to {topic}", flush=True)
        self._listeners.setdefault(topic, []).append(listener)

    def publish(self, blob: Blob) -> int:
        """Pass a message on; gives how many got it. Its topic is in ``blob.info``."""
        print(f"{blob.info}: {type(blob.data).__name__} of {len(blob.data)}, not read", flush=True)
        listeners = self._listeners.get(blob.info, [])
        for listener in list(listeners):
            try:
                listener.receive(blob)
            except CommunicationError:  # it is gone
                listeners.remove(listener)
        return len(listeners)


if __name__ == "__main__":
    serve({Dispatcher: "example.blobdispatch"})
