"""The object by which a server gives access to itself."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from pyro_core.context import current_call
from pyro_core.errors import SecurityError
from pyro_core.expose import expose
from pyro_core.uri import URI
from pyro_flame.console import Console
from pyro_flame.modules import create_module, module_source, run_source
from pyro_flame.noted import noted
from pyro_flame.policy import NOTHING, Act, Policy
from pyro_flame.targets import find_member, find_module
from pyro_server import Daemon

FLAME_ID: Final = "Pyro.Flame"
"""Object id under which it is registered. Source: stock Pyro4."""
FILE_MODE: Final = 0o600
"""Who may read and write a file that was sent: its owner only."""
_SENT_CODE: Final = "<remote-code>"


@expose
class Flame:
    """Does what clients ask for, as far as the policy allows.

    Args:
        policy: What is allowed; nothing by default.
    """

    def __init__(self, policy: Policy = NOTHING) -> None:
        self._policy = policy
        self._names: dict[str, Any] = {"__name__": "__flame__"}

    def check_module(self, name: str) -> None:
        """Import a module.

        Raises:
            SecurityError: If nothing of it may be used.
            ImportError: If there is no such module.
        """
        with noted("module", name):
            find_module(self._policy, name)

    def call(self, module: str, path: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """The result of a function of a module.

        Args:
            module: Full name of the module.
            path: Name of the function in the module, with dots.
            args: Positional arguments.
            kwargs: Keyword arguments.

        Raises:
            SecurityError: If that may not be called.
        """
        with noted("call", f"{module}.{path}"):
            function = find_member(self._policy, module, path)
        return function(*args, **kwargs)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression."""
        self._check("code", expression)
        return eval(compile(expression.strip(), _SENT_CODE, "eval", dont_inherit=True), self._names)

    def execute(self, source: str) -> None:
        """Execute statements; what they define is there for later ones, of every client."""
        self._check("code", source)
        run_source(source, _SENT_CODE, self._names)

    def send_module(self, name: str, source: str) -> None:
        """Make a module of source text; see ``pyro_flame.modules.create_module``."""
        self._check("send_modules", name)
        create_module(name, source)

    def get_module(self, name: str) -> str:
        """The source of a module, which is imported for that."""
        self._check("get_modules", name)
        return module_source(find_module(Policy.everything(), name))

    def send_file(self, path: str, data: bytes) -> None:
        """Write a file, which only its owner can read then; one that exists is replaced."""
        self._check("send_files", path)
        with open(path, "wb", opener=_open_for_owner) as file:
            os.chmod(path, FILE_MODE)  # it may have existed
            file.write(data)

    def get_file(self, path: str) -> bytes:
        """The contents of a file."""
        self._check("get_files", path)
        with open(path, "rb") as file:
            return file.read()

    def open_console(self) -> Console:
        """An interactive console, until it is closed or the connection ends."""
        self._check("console", "")
        daemon = current_call().daemon
        console = Console(daemon.location, daemon.unregister)
        daemon.register(console, f"{FLAME_ID}.console.{uuid4().hex}", session=True)
        return console

    def _check(self, act: Act, what: str) -> None:
        with noted(act, what):
            self._policy.check(act)


def start(daemon: Daemon, policy: Policy = NOTHING) -> URI:
    """Switch it on for the clients of a daemon, and give its address.

    Args:
        daemon: The daemon.
        policy: What clients may do; nothing by default.

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


def _open_for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, FILE_MODE)
