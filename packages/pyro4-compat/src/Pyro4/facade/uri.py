"""Addresses as Pyro4 has them: they can be changed."""

import copyreg
import re
from typing import Any

from Pyro4.configuration import config
from Pyro4.errors import PyroError
from Pyro4.facade.failures import classic_errors
from pyro_core import uri as native


class URI(native.URI):
    """Where a Pyro object is, or how to find it.

    Args:
        uri: Its text, or another URI.

    Raises:
        TypeError: If it is neither text nor a URI.
        PyroError: If the text is not an address.
    """

    __module__ = "Pyro4.core"
    __slots__ = ("__dict__", "__weakref__")

    def __init__(self, uri: Any) -> None:
        if isinstance(uri, str):
            _check_brackets(uri.partition("@")[2])
        with classic_errors():
            super().__init__(uri)
        has_port = isinstance(uri, str) and ":" in uri.rpartition("@")[2]
        if isinstance(uri, str) and self.host and self.protocol != "PYRO" and not has_port:
            self.port = config.NS_PORT

    def __setattr__(self, name: str, value: Any) -> None:  # type: ignore[override]
        object.__setattr__(self, name, value)

    @staticmethod
    def isUnixsockLocation(location: str) -> bool:
        """Whether a location is that of a Unix socket."""
        return location.startswith(native.UNIX_PREFIX)

    def asString(self) -> str:
        """The address as text."""
        return str(self)

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__qualname__} at 0x{id(self):x}; {self}>"

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, native.URI) and self.state() == other.state()

    def __hash__(self) -> int:
        return hash(self.state())

    def __getstate__(self) -> tuple[Any, ...]:
        return self.protocol, self.object, self.sockname, self.host, self.port

    def __setstate__(self, state: Any) -> None:
        self.protocol, self.object, self.sockname, self.host, self.port = state

    def __getstate_for_dict__(self) -> tuple[Any, ...]:
        return self.__getstate__()

    def __setstate_from_dict__(self, state: Any) -> None:
        self.__setstate__(state)

    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.__newobj__, (type(self),), self.__getstate__()  # type: ignore[attr-defined]

    def __copy__(self) -> "URI":
        twin = type(self).__new__(type(self))
        twin.__setstate__(self.__getstate__())
        return twin


def _check_brackets(location: str) -> None:
    """Raise PyroError if the part in brackets of a location is no IPv6 address."""
    if location.startswith("[["):
        raise PyroError("invalid ipv6 address: enclosed in too many brackets")
    if location.startswith("[") and not re.fullmatch(r"[0-9a-fA-F:.%]+", location[1:].partition("]")[0]):
        raise PyroError("invalid ipv6 address: the part between brackets must be a numeric ipv6 address")
