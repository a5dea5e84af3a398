"""Takes its time, and knows how much of it the caller has.

Usage: python server.py
"""

import threading

from pyro_client import Proxy
from pyro_server import Daemon, current_call, expose, serve


@expose
class Sleeper:
    """Waits as long as it is told, unless nobody wants the answer any more."""

    def sleep(self, seconds: float) -> str:
        """Wait so long."""
        call = current_call()
        given_up = threading.Event()
        call.when_cancelled(given_up.set)
        if given_up.wait(seconds):
            print("the caller has given up, and so have I", flush=True)
        return f"slept {seconds} s"

    def patience(self) -> float | None:
        """Seconds that the caller waits for this answer, as far as it told."""
        return current_call().remaining_s

    def ask_again(self) -> float | None:
        """The same, asked by a call that this one makes."""
        with Proxy(current_call().daemon.uri_for("sleeper")) as me:
            return me.patience()


if __name__ == "__main__":
    with Daemon() as daemon:
        serve({Sleeper: "sleeper"}, daemon=daemon, use_ns=False)
