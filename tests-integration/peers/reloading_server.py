"""A server that tells when it was asked to read its tokens again."""

import sys

from pyro_core.settings import ServerSettings, Timeouts
from pyro_server import Anonymous, Daemon, Tokens, expose


class Told(Tokens):
    def reload(self) -> None:
        super().reload()
        print("reloaded", flush=True)


@expose
class Thing:
    def hello(self) -> str:
        return "hello"


if __name__ == "__main__":
    settings = ServerSettings(servertype=sys.argv[1], timeouts=Timeouts(housekeeping_s=0.05))
    with Daemon(settings, authenticate=[Told(file=sys.argv[2]), Anonymous()]) as daemon:
        print("ready", daemon.register(Thing()), flush=True)
        daemon.request_loop()
    print("stopped politely", flush=True)
