"""Classes whose instances the daemon makes: for each call, each session, once, and in a way of our own."""

from itertools import count

from pyro_server import behavior, current_call, expose, serve

NAMES = "example.instancemode."


class Counter:
    """Counts its calls, and can be told from other instances of its class."""

    def __init__(self) -> None:
        cls = type(self)
        cls.made = getattr(cls, "made", 0) + 1
        self._label = f"{cls.__name__.lower()} {cls.made}"
        self._calls = 0
        print(f"made {self._label}", flush=True)

    @expose
    def call(self) -> str:
        """Which instance this is, and how often it was called."""
        self._calls += 1
        return f"{self._label}, call {self._calls}"


@behavior(instance_mode="percall")
class PerCall(Counter):
    """A new instance for each call: it cannot remember anything."""


@behavior(instance_mode="session")
class Session(Counter):
    """An instance for each connection, gone with it. This is the default."""


@behavior(instance_mode="single")
class Single(Counter):
    """One instance for everybody."""


@behavior(instance_mode="session", instance_creator=lambda cls: cls.open())
class Desk:
    """Needs an argument, which the daemon does not know: somebody else makes it."""

    _numbers = count(1)

    def __init__(self, number: int, peer: str) -> None:
        self._number = number
        self._peer = peer

    @classmethod
    def open(cls) -> "Desk":
        """Make the desk for the client whose call is waiting for it."""
        desk = cls(next(cls._numbers), current_call().client_address.partition(":")[0])
        print(f"opened desk {desk._number}", flush=True)
        return desk

    @expose
    def call(self) -> str:
        """Which desk this is, and for whom."""
        return f"desk {self._number} for somebody at {self._peer}"


if __name__ == "__main__":
    serve({cls: NAMES + cls.__name__.lower() for cls in (PerCall, Session, Single, Desk)}, host="127.0.0.1")
