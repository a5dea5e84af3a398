"""Modules, builtins, code, files and a console of another process. Only for clients that are trusted."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from Pyro4 import constants, core, errors
from Pyro4.configuration import config
from pyro_flame.access import Access
from pyro_flame.console import Console
from pyro_flame.modules import create_module as createModule
from pyro_flame.modules import run_source as exec_function
from pyro_flame.policy import NOTHING, Policy
from pyro_flame.terminal import interact

__all__ = [
    "Flame",
    "FlameBuiltin",
    "FlameModule",
    "InteractiveConsole",
    "RemoteInteractiveConsole",
    "connect",
    "createModule",
    "exec_function",
    "start",
]


class _Remote:
    """Holds a proxy in the attribute named by ``_holder``, and closes its connection after a ``with``."""

    _holder = "flameserver"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        getattr(self, self._holder)._pyroRelease()

    def _describe(self, what: str) -> str:
        kind = type(self)
        location = getattr(self, self._holder)._pyroUri.location
        return f"<{kind.__module__}.{kind.__qualname__} at 0x{id(self):x}; {what} {location}>"


class FlameModule(_Remote):
    """A module of another process. Its attributes can be called, and nothing else.

    Args:
        flameserver: The object that is registered there.
        module: Full name of the module.
    """

    def __init__(self, flameserver: Any, module: str) -> None:
        self.flameserver = _proxy_of(flameserver)
        self.module = module

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("__", "_pyro")):
            raise AttributeError(name)
        return core._RemoteMethod(self._invoke, f"{self.module}.{name}", 0)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __repr__(self) -> str:
        return self._describe(f"module '{self.module}' at")

    def _invoke(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        return self.flameserver.invokeModule(name, args, kwargs)


class FlameBuiltin(_Remote):
    """A builtin function of another process.

    Args:
        flameserver: The object that is registered there.
        builtin: Name of the function.
    """

    def __init__(self, flameserver: Any, builtin: str) -> None:
        self.flameserver = _proxy_of(flameserver)
        self.builtin = builtin

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.flameserver.invokeBuiltin(self.builtin, args, kwargs)

    def __repr__(self) -> str:
        return self._describe(f"builtin '{self.builtin}' at")


class RemoteInteractiveConsole(_Remote):
    """An interactive console of another process.

    Args:
        remoteconsoleuri: Address of the object that executes what is typed.
    """

    _holder = "remoteconsole"

    def __init__(self, remoteconsoleuri: Any) -> None:
        self.remoteconsole: Any = core.Proxy(remoteconsoleuri)

    def interact(self) -> None:
        """Let the user type, until the end of the input or ``exit()``."""
        interact(self.remoteconsole.push_and_get_output, self.remoteconsole.get_banner())

    def close(self) -> None:
        """End the session."""
        try:
            self.terminate()
        finally:
            self.remoteconsole._pyroRelease()

    def terminate(self) -> None:
        """End the session, and keep the connection."""
        self.remoteconsole.terminate()

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return self._describe("for")


@core.expose
class InteractiveConsole:
    """The server's end of a console.

    Args:
        daemon: Where it is registered.
    """

    _pyroExposed = True

    def __init__(self, daemon: core.Daemon) -> None:
        self._daemon = daemon
        self._console = Console(daemon.locationStr, filename="<remoteconsole>")

    def get_banner(self) -> str:
        """What to show at the beginning."""
        return self._console.banner()

    def push_and_get_output(self, line: str) -> tuple[str, bool]:
        """Execute a line; gives what it printed, and whether more lines are needed before it can run."""
        return self._console.push(line)

    def terminate(self) -> None:
        """End the session."""
        self._console.close()
        self._daemon.unregister(self)


@core.expose
class Flame:
    """What a flame server offers: everything, if ``config.FLAME_ENABLED`` is on, and nothing otherwise."""

    _pyroExposed = True
    _pyroDaemon: core.Daemon

    def __init__(self) -> None:
        self._access = Access(Policy.everything() if config.FLAME_ENABLED else NOTHING)

    def module(self, name: str) -> FlameModule:
        """A module, which is imported if need be."""
        self._access.check_module(name)
        return FlameModule(self, name)

    def builtin(self, name: str) -> FlameBuiltin:
        """A builtin function."""
        return FlameBuiltin(self, name)

    def execute(self, code: str) -> None:
        """Execute statements."""
        self._access.execute(code)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression."""
        return self._access.evaluate(expression)

    def sendmodule(self, modulename: str, modulesource: str) -> None:
        """Make a module of source text."""
        self._access.send_module(modulename, modulesource)

    def getmodule(self, modulename: str) -> str:
        """The source of a module."""
        return self._access.get_module(modulename)

    def sendfile(self, filename: str, filedata: bytes) -> None:
        """Write a file, which only its owner can read then."""
        self._access.send_file(filename, filedata)

    def getfile(self, filename: str) -> bytes:
        """The contents of a file."""
        return self._access.get_file(filename)

    def console(self) -> RemoteInteractiveConsole:
        """A new interactive console."""
        return RemoteInteractiveConsole(self._pyroDaemon.register(InteractiveConsole(self._pyroDaemon)))

    def invokeBuiltin(self, builtin: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """The result of a builtin function."""
        return self._access.call("builtins", builtin, args, kwargs)

    def invokeModule(self, dottedname: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """The result of a function, by its full name."""
        module, _, path = dottedname.partition(".")
        return self._access.call(module, path, args, kwargs)


def start(daemon: core.Daemon) -> core.URI:
    """Offer this process to the clients of a daemon. They can do everything that it can do.

    Args:
        daemon: The daemon.

    Raises:
        SecurityError: Unless ``config.FLAME_ENABLED`` is on.
        SerializeError: Unless pickle is the only serializer in ``config.SERIALIZERS_ACCEPTED``.
    """
    if not config.FLAME_ENABLED:
        raise errors.SecurityError("flame is disabled: switch config.FLAME_ENABLED on if that is wanted")
    if set(config.SERIALIZERS_ACCEPTED) != {"pickle"}:
        raise errors.SerializeError("flame needs config.SERIALIZERS_ACCEPTED to be {'pickle'}, nothing else")
    return daemon.register(Flame(), constants.FLAME_NAME)


def connect(location: str, hmac_key: bytes | str | None = None) -> core.Proxy:
    """A proxy of a flame server's object, connected.

    Args:
        location: ``"host:port"``, or ``"./u:path"`` of a Unix socket.
        hmac_key: The key that the server shares.

    Raises:
        SerializeError: Unless ``config.SERIALIZER`` is pickle.
        CommunicationError: If the server cannot be reached.
    """
    if config.SERIALIZER != "pickle":
        raise errors.SerializeError("flame needs config.SERIALIZER to be 'pickle'")
    proxy = core.Proxy(f"PYRO:{constants.FLAME_NAME}@{location}")
    if hmac_key:
        proxy._pyroHmacKey = hmac_key
    proxy._pyroBind()
    return proxy


def _proxy_of(flameserver: Any) -> Any:
    """Also with ``config.AUTOPROXY`` off."""
    return flameserver._pyroDaemon.proxyFor(flameserver)
