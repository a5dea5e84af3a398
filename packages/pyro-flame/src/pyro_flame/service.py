"""The object by which a server gives access to itself."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Final
from uuid import uuid4

from pyro_core.context import current_call
from pyro_core.errors import SecurityError
from pyro_core.expose import expose
from pyro_core.uri import URI
from pyro_flame.access import Access
from pyro_flame.console import Console
from pyro_flame.files import Piece
from pyro_flame.held import AllHoldings, Reply
from pyro_flame.policy import NOTHING, Policies
from pyro_server import Daemon

FLAME_ID: Final = "Pyro.Flame"
"""Object id under which it is registered. Source: stock Pyro4."""


@expose
class Flame:
    """Does what clients ask for, as far as the policy allows.

    Values travel. Of everything else a client gets a number, good for the same connection.

    Args:
        policy: What is allowed, for everybody or for a principal; nothing by default.
    """

    def __init__(self, policy: Policies = NOTHING) -> None:
        self._access = Access(policy)
        self._held = AllHoldings()

    def module(self, name: str) -> dict[str, bool]:
        """Import a module; gives the names in it that may be used -> whether they can be called."""
        return self._access.check_module(name)

    def read(self, module: str, path: str) -> Reply:
        """Something in a module."""
        found = self._access.member("read", module, path)
        name = f"{module}.{path}"
        if isinstance(found, ModuleType) and sys.modules.get(name) is found:
            return "module", name  # which may not be what it calls itself, as with os.path
        return self._reply(found)

    def call(
        self, module: str, path: str, args: Sequence[Any], kwargs: Mapping[str, Any], held: Mapping[str, int]
    ) -> Reply:
        """The result of a function of a module.

        Args:
            module: Full name of the module.
            path: Name of the function in the module, with dots.
            args: Positional arguments.
            kwargs: Keyword arguments.
            held: Position, or keyword, of arguments that stay here -> their number.
        """
        function = self._access.member("call", module, path)
        args, kwargs = self._held.own().put_in(args, kwargs, held)
        return self._reply(function(*args, **kwargs))

    def read_held(self, number: int, path: str) -> Reply:
        """Something in the object with a number."""
        return self._reply(self._access.inside("read", self._held.own().get(number), path))

    def call_held(
        self, number: int, path: str, args: Sequence[Any], kwargs: Mapping[str, Any], held: Mapping[str, int]
    ) -> Reply:
        """The result of a method of the object with a number, or of itself; otherwise as ``call``."""
        own = self._held.own()
        function = self._access.inside("call", own.get(number), path)
        args, kwargs = own.put_in(args, kwargs, held)
        return self._reply(function(*args, **kwargs))

    def items(self, number: int) -> Iterator[Reply]:
        """The items of the object with a number."""
        own = self._held.own()
        value = self._access.inside("call", own.get(number), "")
        return own.items(value, current_call())

    def drop(self, numbers: Sequence[int]) -> None:
        """These objects are not needed any more."""
        self._held.own().drop(numbers)

    def evaluate(self, expression: str) -> Reply:
        """The value of an expression."""
        return self._reply(self._access.evaluate(expression))

    def execute(self, source: str) -> None:
        """Execute statements; what they define is there for later ones, of every client."""
        self._access.execute(source)

    def sendmodule(self, name: str, source: str) -> None:
        """Make a module of source text."""
        self._access.send_module(name, source)

    def getmodule(self, name: str) -> str:
        """The source of a module."""
        return self._access.get_module(name)

    def sendfile(self, path: str, pieces: Iterable[Piece]) -> int:
        """Write a file; see ``Access.write_file``."""
        return self._access.write_file(path, pieces)

    def getfile(self, path: str) -> Iterator[Piece]:
        """A file in pieces; see ``Access.read_file``."""
        return self._access.read_file(path)

    def console(self) -> Console:
        """An interactive console, until it is closed or the connection ends."""
        self._access.check("console", "")
        call = current_call()
        daemon = call.daemon
        object_id = f"{FLAME_ID}.console.{uuid4().hex}"
        console = Console(daemon.location, lambda _: daemon.unregister(object_id))
        daemon.register(console, object_id, session=True)
        call.connection.track_resource(console)  # what it runs ends with the connection
        return console

    def _reply(self, value: Any) -> Reply:
        call = current_call()
        return self._held.own().reply(value, call)


def start(daemon: Daemon, policy: Policies = NOTHING) -> URI:
    """Switch it on for the clients of a daemon, and give its address.

    Args:
        daemon: The daemon.
        policy: What clients may do: one for everybody, or a function that gives the one of a ``Principal``.
            Nothing by default. An authorizer of the daemon is asked as well.

    Raises:
        DaemonError: If it is switched on already.
        SecurityError: If other machines can reach the daemon, and it does not ask who calls.
    """
    if daemon.open_to_strangers:
        raise SecurityError(
            f"flame does not start on {daemon.location}: everybody who reaches it could use it. Let the "
            "daemon ask who calls, with authenticate=[Tokens(...)] or TLS with require_client_cert, "
            "or listen on localhost"
        )
    return daemon.register(Flame(policy), FLAME_ID)
