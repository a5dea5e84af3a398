"""The object that test clients of all generations know: it answers with what it is told."""

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

from pyro_core.expose import behavior, expose, oneway

ECHO_ID: Final = "test.echoserver"
"""Id and name of the echo object. Source: the stock echo server."""
SLOW_S: Final = 5.0
"""How long the slow methods take."""


@expose
@behavior(instance_mode="single")
class EchoServer:
    """Answers with what it is told, fails on demand, takes its time, and streams.

    Args:
        shut_down: Ends the server; called by ``shutdown``.
        slow_s: How long the slow methods take, in seconds.
    """

    def __init__(self, shut_down: Callable[[], None] | None = None, *, slow_s: float = SLOW_S) -> None:
        self._shut_down = shut_down
        self._slow_s = slow_s
        self._ending = threading.Event()
        self._verbose = False

    @property
    def verbose(self) -> bool:
        """Whether calls are printed."""
        return self._verbose

    @verbose.setter
    def verbose(self, verbose: bool) -> None:
        self._verbose = bool(verbose)

    def echo(self, message: Any) -> Any:
        """The message."""
        self._say("echo", message)
        return message

    @oneway
    def oneway_echo(self, message: Any) -> str:
        """Nothing, because nobody waits for it."""
        self._say("oneway_echo", message)
        return "bogus return value"

    def error(self) -> None:
        """Raise an exception without a text of its own."""
        self._say("error")
        raise Exception("expected error from echoserver error() method")

    def error_with_text(self) -> None:
        """Raise an exception with a text."""
        self._say("error_with_text")
        raise ValueError("the message of the error")

    def slow(self) -> str:
        """An answer after a few seconds."""
        self._say("slow")
        self._ending.wait(self._slow_s)
        return "Finally, an answer!"

    @oneway
    def oneway_slow(self) -> None:
        """Be busy for a few seconds."""
        self._say("oneway_slow")
        self._ending.wait(self._slow_s)

    def generator(self) -> Iterator[str]:
        """A stream of three items."""
        self._say("generator")
        yield from ("one", "two", "three")

    def nan(self) -> float:
        """Not a number."""
        return float("nan")

    def inf(self) -> float:
        """Infinity."""
        return float("inf")

    def __dunder__(self) -> str:
        """Show that such names can be exposed."""
        return "Double underscore method has been called"

    @oneway
    def shutdown(self) -> None:
        """End the server."""
        self._say("shutdown")
        self._ending.set()
        if self._shut_down is not None:
            self._shut_down()

    def _say(self, method: str, *messages: Any) -> None:
        if self._verbose:
            print(method, *map(repr, messages), flush=True)
