"""The settings of Pyro4: one object for the whole process."""

import os
import pickle
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from Pyro4 import constants

__all__ = ["Configuration", "config", "main"]

_PREFIX: Final = "PYRO_"
_YES: Final = ("1", "on", "yes", "true")
_NO: Final = ("0", "off", "no", "false")
_LOGGING: Final = ("LOGFILE", "LOGLEVEL")


def _dill_protocol() -> int:
    # Without importing it, which takes longer than all of this package; its highest is that of pickle.
    return pickle.HIGHEST_PROTOCOL if find_spec("dill") is not None else -1


class Configuration:
    """Every setting of Pyro4 as an attribute; there are no others.

    What is changed holds for what is done from then on. Each item can be preset by the environment variable
    ``PYRO_`` plus its name.

    Attributes:
        changes: How often an item was set; who made something of the settings sees that it is out of date.
    """

    DEFAULTS: Final[Mapping[str, Any]] = {
        "HOST": "localhost",
        "NS_HOST": "localhost",
        "NS_PORT": 9090,
        "NS_BCPORT": 9091,
        "NS_BCHOST": None,
        "NS_AUTOCLEAN": 0.0,
        "NATHOST": None,
        "NATPORT": 0,
        "COMPRESSION": False,
        "SERVERTYPE": "thread",
        "COMMTIMEOUT": 0.0,
        "POLLTIMEOUT": 2.0,
        "ONEWAY_THREADED": True,
        "DETAILED_TRACEBACK": False,
        "THREADPOOL_SIZE": 40,
        "THREADPOOL_SIZE_MIN": 4,
        "AUTOPROXY": True,
        "MAX_MESSAGE_SIZE": 0,
        "BROADCAST_ADDRS": "<broadcast>, 0.0.0.0",
        "FLAME_ENABLED": False,
        "PREFER_IP_VERSION": 4,
        "SERIALIZER": "serpent",
        "SERIALIZERS_ACCEPTED": frozenset({"serpent", "marshal", "json"}),
        "LOGWIRE": False,
        "PICKLE_PROTOCOL_VERSION": pickle.HIGHEST_PROTOCOL,
        "DILL_PROTOCOL_VERSION": -1,
        "METADATA": True,
        "REQUIRE_EXPOSE": True,
        "USE_MSG_WAITALL": sys.platform != "win32",
        "JSON_MODULE": "json",
        "MAX_RETRIES": 0,
        "ITER_STREAMING": True,
        "ITER_STREAM_LIFETIME": 0.0,
        "ITER_STREAM_LINGER": 30.0,
        "SOCK_REUSE": True,
        "SOCK_NODELAY": False,
        "SSL": False,
        "SSL_SERVERCERT": "",
        "SSL_SERVERKEY": "",
        "SSL_SERVERKEYPASSWD": "",
        "SSL_REQUIRECLIENTCERT": False,
        "SSL_CLIENTCERT": "",
        "SSL_CLIENTKEY": "",
        "SSL_CLIENTKEYPASSWD": "",
        "SSL_CACERTS": "",
        # Of older versions, and of our own.
        "DOTTEDNAMES": False,
        "FAITHFUL_TYPES": False,
    }

    __slots__ = (*DEFAULTS, "_watchers", "changes")
    changes: int
    _watchers: list[Callable[[str], object]]
    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...  # the items, whose names are in DEFAULTS

    def __init__(self) -> None:
        object.__setattr__(self, "changes", 0)
        object.__setattr__(self, "_watchers", [])
        self.reset()

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        object.__setattr__(self, "changes", self.changes + 1)
        for notice in self._watchers:
            notice(name)

    def watch(self, notice: Callable[[str], object]) -> None:
        """Have a function called with the name of each item that is set."""
        self._watchers.append(notice)

    def reset(self, useenvironment: bool = True) -> None:
        """Give every item its default.

        Args:
            useenvironment: Let environment variables come before the defaults.

        Raises:
            ValueError: If the environment has a value that cannot be used.
        """
        for name, default in self.DEFAULTS.items():
            setattr(self, name, set(default) if isinstance(default, frozenset) else default)
        self.DILL_PROTOCOL_VERSION = _dill_protocol()
        if useenvironment:
            for name in self.DEFAULTS:
                text = os.environ.get(_PREFIX + name)
                if text is not None:
                    setattr(self, name, _parsed(name, text, self.DEFAULTS[name]))

    def asDict(self) -> dict[str, Any]:
        """All items and their values."""
        return {name: getattr(self, name) for name in self.DEFAULTS}

    def parseAddressesString(self, addresses: str) -> list[str]:
        """The addresses of a list with commas; ``''`` in it stands for the empty address."""
        return ["" if address == "''" else address for address in map(str.strip, addresses.split(","))]

    def dump(self) -> str:
        """All items and their values as text, with versions."""
        import platform

        from Pyro4.facade import VERSION_OF_FACADE

        items = {**self.asDict(), **{name: os.environ.get(_PREFIX + name, "") for name in _LOGGING}}
        folder = os.path.dirname(os.path.abspath(__file__))
        python = f"{platform.python_implementation()} {platform.python_version()}"
        return "\n".join(
            [
                f"Pyro version: {constants.VERSION}",
                f"Loaded from: {folder} (pyro4-compat {VERSION_OF_FACADE})",
                f"Python version: {python} ({platform.system()}, {os.name})",
                f"Protocol version: {constants.PROTOCOL_VERSION}",
                "Currently active configuration settings:",
                *(f"{name} = {value}" for name, value in sorted(items.items())),
            ]
        )


def _parsed(name: str, text: str, default: Any) -> Any:
    """The value of an environment variable, of the same type as the default."""
    if isinstance(default, bool):
        if text.lower() in _YES:
            return True
        if text.lower() in _NO:
            return False
        raise ValueError(f"no boolean value: {_PREFIX}{name}={text}; use one of {', '.join(_YES + _NO)}")
    if isinstance(default, int | float):
        try:
            return type(default)(text)
        except ValueError:
            raise ValueError(
                f"no {type(default).__name__} value: {_PREFIX}{name}={text}; a number is needed"
            ) from None
    if isinstance(default, frozenset):
        return {part.strip() for part in text.split(",")}
    return text


config = Configuration()


def main(args: list[str] | None = None) -> None:
    """Print all settings."""
    print(config.dump())


if __name__ == "__main__":
    main()
