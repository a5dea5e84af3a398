"""Listens to one topic.

Usage: python listener.py TOPIC
"""

import sys

from report import RULES

from pyro_client import Blob, Proxy
from pyro_server import Daemon, expose


class Listener:
    """Is called by the dispatcher."""

    def __init__(self, topic: str) -> None:
        self._topic = topic

    @expose
    def receive(self, blob: Blob) -> None:
        """A message arrives. This is the first place where it is read."""
        for report in blob.deserialized():
            print(f"{self._topic}: {report}", flush=True)


def main(topic: str) -> None:
    """Listen until Ctrl-C."""
    with Daemon(rules=RULES) as daemon:
        uri = daemon.register(Listener(topic))
        with Proxy("PYRONAME:example.blobdispatch") as dispatcher:
            dispatcher.listen(topic, Proxy(uri))
        print(f"listening to {topic}", flush=True)
        daemon.request_loop()


if __name__ == "__main__":
    main(sys.argv[1])
