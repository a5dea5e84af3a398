"""Addresses of remote objects.

Three forms, the first an address and the others questions to a name server::

    PYRO:object@host:port        PYRO:object@[::1]:port        PYRO:object@./u:/path/of/socket
    PYRONAME:name[@host[:port]]
    PYROMETA:tag,tag[@host[:port]]
"""

from __future__ import annotations

from collections.abc import Sequence

from pyro_core.errors import PyroError
from pyro_core.names import NAMESERVER_PORT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final, NoReturn

PROTOCOLS: Final = ("PYRO", "PYRONAME", "PYROMETA")
UNIX_PREFIX: Final = "./u:"
MAX_PORT: Final = 65535
_PORT_DIGITS: Final = 5
# Made once: these are looked at with every address that arrives.
_SEQUENCES: Final = (list, tuple)
_TARGETS: Final = (str, frozenset)
_MAYBE_TEXT: Final = (str, type(None))
_FORMS: Final = (
    "expected PYRO:object@host:port, PYRO:object@[ipv6]:port, PYRO:object@./u:socketpath, "
    "PYRONAME:name[@host[:port]] or PYROMETA:tag,tag[@host[:port]]"
)


class URI:
    """Where a remote object is, or how to find out. Immutable.

    Args:
        uri: Its text, or another URI.

    Attributes:
        protocol: ``"PYRO"``, ``"PYRONAME"`` or ``"PYROMETA"``.
        object: Object id or registered name; for PYROMETA the frozen set of tags.
        host: Host name or address; None for Unix sockets and where none is given.
        port: Port number; None likewise.
        sockname: Path of a Unix socket (beginning with NUL for an abstract one), or None.

    Raises:
        TypeError: If ``uri`` is neither text nor a URI.
        PyroError: If the text is not a URI.
    """

    __slots__ = ("host", "object", "port", "protocol", "sockname")

    protocol: str
    object: str | frozenset[str]
    host: str | None
    port: int | None
    sockname: str | None

    def __init__(self, uri: str | URI) -> None:
        if not isinstance(uri, str):
            if isinstance(uri, URI):
                self._fill(uri.protocol, uri.object, uri.sockname, uri.host, uri.port)
                return
            raise TypeError(f"a URI is made of text or another URI, not of {type(uri).__name__}")
        scheme, colon, rest = uri.partition(":")
        protocol = scheme if scheme in PROTOCOLS else scheme.upper()
        if not colon or protocol not in PROTOCOLS:
            hint = "" if colon or not uri else f"; 'PYRONAME:{uri}' has it looked up in the name server"
            _refuse(uri, f"unknown protocol {scheme!r}{hint}")
        name, at, location = rest.partition("@")
        if name.split() != [name]:
            _refuse(uri, "an object id or name is needed, without white space")
        target: str | frozenset[str] = name
        if protocol == "PYROMETA":
            target = frozenset(tag for tag in name.split(",") if tag)
            if not target:
                _refuse(uri, "at least one tag is needed")
        if not at:
            if protocol == "PYRO":
                _refuse(uri, "a location is needed after '@'")
            self._fill(protocol, target, None, None, None)
            return
        default_port = None if protocol == "PYRO" else NAMESERVER_PORT
        self._fill(protocol, target, *_parse_location(uri, location, default_port))

    @classmethod
    def from_state(cls, state: Any) -> URI:
        """The URI whose ``state()`` this is, as it travels.

        Raises:
            PyroError: If it is not such a state.
        """
        if not isinstance(state, _SEQUENCES) or len(state) != 5:
            _refuse(state, "five parts are needed")
        protocol, target, sockname, host, port = state
        if not isinstance(target, str) and isinstance(target, set | frozenset | list | tuple):
            target = frozenset(map(str, target))
        elif protocol == "PYROMETA" and isinstance(target, str):
            target = frozenset(target.split(","))
        if (
            protocol not in PROTOCOLS
            or not isinstance(target, _TARGETS)
            or not isinstance(sockname, _MAYBE_TEXT)
            or not isinstance(host, _MAYBE_TEXT)
            or not (port is None or (type(port) is int and 0 <= port <= MAX_PORT))
        ):
            _refuse(state, "its parts have the wrong types")
        if not target or isinstance(target, frozenset) != (protocol == "PYROMETA"):
            _refuse(state, "PYROMETA needs tags, the others one object id or name")
        if protocol == "PYRO" and not sockname and (not host or port is None):
            _refuse(state, "a location is needed")
        uri = cls.__new__(cls)
        uri._fill(protocol, target, sockname or None, host or None, port if host else None)
        return uri

    @classmethod
    def for_location(
        cls, object_id: str, *, host: str | None = None, port: int | None = None, sockname: str | None = None
    ) -> URI:
        """The PYRO address of an object.

        Args:
            object_id: Its id.
            host: Host name or address, together with ``port``.
            port: Port number, 0 to 65535.
            sockname: Path of a Unix socket, instead of host and port.

        Raises:
            PyroError: If the parts do not make an address.
        """
        if "@" in object_id:
            _refuse(object_id, "an object id cannot contain '@'")
        if sockname:
            return cls(f"PYRO:{object_id}@{UNIX_PREFIX}{sockname}")
        if not host or port is None:
            _refuse(object_id, "a host and a port, or a socket name, are needed")
        host = f"[{host}]" if ":" in host else host
        return cls(f"PYRO:{object_id}@{host}:{port}")

    @property
    def location(self) -> str | None:
        """The part after ``@`` in canonical form; None if there is none."""
        if self.sockname:
            return f"{UNIX_PREFIX}{self.sockname}"
        if self.host:
            return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        return None

    def state(self) -> tuple[str, Any, str | None, str | None, int | None]:
        """The five parts in which it travels: protocol, object, sockname, host, port."""
        target = self.object if isinstance(self.object, str) else tuple(sorted(self.object))
        return self.protocol, target, self.sockname, self.host, self.port

    def __str__(self) -> str:
        target = self.object if isinstance(self.object, str) else ",".join(sorted(self.object))
        location = self.location
        return f"{self.protocol}:{target}@{location}" if location else f"{self.protocol}:{target}"

    def __repr__(self) -> str:
        return f"URI({str(self)!r})"

    def __eq__(self, other: Any) -> bool:
        return NotImplemented if not isinstance(other, URI) else self.state() == other.state()

    def __hash__(self) -> int:
        return hash(self.state())

    def __reduce__(self) -> tuple[Any, ...]:
        return URI.from_state, (self.state(),)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a URI does not change: cannot set {name} to {value!r}; make a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a URI does not change: cannot delete {name}")

    def _fill(
        self,
        protocol: str,
        target: str | frozenset[str],
        sockname: str | None,
        host: str | None,
        port: int | None,
    ) -> None:
        fill = super().__setattr__
        fill("protocol", protocol)
        fill("object", target)
        fill("sockname", sockname)
        fill("host", host)
        fill("port", port)


def _parse_location(
    uri: str, location: str, default_port: int | None
) -> tuple[str | None, str | None, int | None]:
    """Split a location into socket name, host and port."""
    host, colon, after = location.partition(":")
    if (
        location[:1] not in "[."
        and after.isdigit()
        and after.isascii()
        and len(after) <= _PORT_DIGITS
        and int(after) <= MAX_PORT
        and host.split() == [host]
    ):
        return None, host, int(after)  # most locations
    if location.startswith(UNIX_PREFIX):
        sockname = location[len(UNIX_PREFIX) :]
        if not sockname or ":" in sockname:
            _refuse(uri, "a socket path is needed after './u:', without another ':'")
        return sockname, None, None
    if location.startswith("["):
        host, bracket, rest = location[1:].partition("]")
        if host.startswith("[") or not bracket or not _is_ipv6(host) or (rest and not rest.startswith(":")):
            _refuse(uri, "a numeric IPv6 address is needed between single brackets")
        port_text = rest[1:] if rest else None
    else:
        port_text = after if colon else None
    if host.split() != [host]:
        _refuse(uri, "a host is needed after '@'")
    if port_text is None:
        if default_port is None:
            _refuse(uri, "a port is needed after the host")
        return None, host, default_port
    digits = port_text.lstrip("0") or port_text[:1]
    if (
        not (port_text.isascii() and port_text.isdigit())
        or len(digits) > _PORT_DIGITS
        or int(digits) > MAX_PORT
    ):
        _refuse(uri, f"the port must be a number from 0 to {MAX_PORT}")
    return None, host, int(digits)


def _is_ipv6(text: str) -> bool:
    """Whether text looks like a numeric IPv6 address; the operating system has the last word."""
    address, _, scope = text.partition("%")
    return ":" in address and not address.strip("0123456789abcdefABCDEF:.") and not scope.strip("0123456789")


def _refuse(uri: str | Sequence[object] | object, why: str) -> NoReturn:
    raise PyroError(f"invalid uri: {uri!r:.200}: {why}; {_FORMS}")
