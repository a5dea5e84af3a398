"""The client: modules, functions and a console of another process."""

from typing import Any, Final, Self

from pyro_client.proxy import Proxy
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI
from pyro_flame.terminal import interact

_FLAME_ID: Final = "Pyro.Flame"


class RemoteFlame:
    """Access to another process.

    Args:
        proxy: Proxy of its flame object.
    """

    def __init__(self, proxy: Proxy) -> None:
        self._proxy: Any = proxy

    def module(self, name: str) -> "RemoteModule":
        """A module of the other process; its functions can be called.

        Args:
            name: Its full name.

        Raises:
            SecurityError: If nothing of it may be used.
            ImportError: If there is no such module.
        """
        self._proxy.check_module(name)
        return RemoteModule(self._proxy, name)

    def builtin(self, name: str) -> "RemoteFunction":
        """A builtin function of the other process."""
        return RemoteFunction(self._proxy, "builtins", name)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the other process."""
        return self._proxy.evaluate(expression)

    def execute(self, source: str) -> None:
        """Execute statements in the other process."""
        self._proxy.execute(source)

    def send_module(self, name: str, source: str) -> None:
        """Let the other process have a module.

        Args:
            name: Its full name.
            source: Its source.
        """
        self._proxy.send_module(name, source)

    def get_module(self, name: str) -> str:
        """The source of a module of the other process."""
        source: str = self._proxy.get_module(name)
        return source

    def send_file(self, path: str, data: bytes) -> None:
        """Write a file at the other process, readable by its owner only.

        Args:
            path: Where.
            data: The contents.
        """
        self._proxy.send_file(path, data)

    def get_file(self, path: str) -> bytes:
        """The contents of a file at the other process."""
        return bytes(self._proxy.get_file(path))

    def console(self) -> "RemoteConsole":
        """A new interactive console in the other process."""
        return RemoteConsole(self._proxy.open_console())

    def close(self) -> None:
        """Close the connection. The next use makes a new one."""
        self._proxy._pyro.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__} at {self._proxy._pyro.uri.location}>"


class RemoteModule:
    """A module of another process. Its attributes are functions, and what contains functions."""

    def __init__(self, proxy: Proxy, name: str) -> None:
        self._proxy = proxy
        self._name = name

    def __getattr__(self, name: str) -> "RemoteFunction":
        if name.startswith(("__", "_pyro")):
            raise AttributeError(name)
        return RemoteFunction(self._proxy, self._name, name)

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__} {self._name!r} at {self._proxy._pyro.uri.location}>"


class RemoteFunction:
    """Something in a module of another process that can be called."""

    def __init__(self, proxy: Proxy, module: str, path: str) -> None:
        self._proxy: Any = proxy
        self._module = module
        self._path = path

    def __getattr__(self, name: str) -> "RemoteFunction":
        if name.startswith(("__", "_pyro")):
            raise AttributeError(name)
        return RemoteFunction(self._proxy, self._module, f"{self._path}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._proxy.call(self._module, self._path, args, kwargs)

    def __repr__(self) -> str:
        name = f"{self._module}.{self._path}"
        return f"<{type(self).__qualname__} {name!r} at {self._proxy._pyro.uri.location}>"


class RemoteConsole:
    """An interactive console in another process."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy: Any = proxy
        self._ended = False

    def interact(self) -> None:
        """Let the user type, until the end of the input or ``exit()``."""
        interact(self.push, self._proxy.banner())

    def push(self, line: str) -> tuple[str, bool]:
        """Execute a line; gives what it printed, and whether more lines are needed before it can run.

        Raises:
            EOFError: If it ended the session.
        """
        try:
            output, more = self._proxy.push(line)
        except EOFError:
            self._ended = True
            raise
        return output, more

    def close(self) -> None:
        """End the session."""
        if not self._ended:
            self._ended = True
            self._proxy.close()
        self._proxy._pyro.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(location: "str | URI", settings: ClientSettings | None = None) -> RemoteFlame:
    """Access to the process at an address, which must have switched it on.

    Args:
        location: ``"host:port"``, ``"./u:path"`` of a Unix socket, or the whole address of its flame object.
        settings: How to behave; None reads the environment.

    Raises:
        PyroError: If the address cannot be understood.
    """
    if isinstance(location, str) and not location.upper().startswith("PYRO"):
        location = f"PYRO:{_FLAME_ID}@{location}"
    return RemoteFlame(Proxy(location, settings=settings))
