"""The places where one daemon listens, each with TLS of its own or none."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyro_core.errors import PyroError
from pyro_core.net.sockets import is_loopback
from pyro_core.settings import TLS, Listen, ServerSettings
from pyro_core.uri import URI
from pyro_server.addresses import Addresses, bind

if TYPE_CHECKING:
    from ssl import SSLContext


class Listeners:
    """Opens listening sockets, and tells what to publish and what to speak on each.

    Args:
        settings: Of the daemon.

    Attributes:
        addresses: One for each place, in the order in which they were opened.
        open_places: Those that other machines can reach, and where TLS does not insist on a certificate.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self.addresses: list[Addresses] = []
        self.open_places: list[str] = []
        self._tls: dict[Any, Any] = {}  # listening socket -> TlsContexts or None
        self._contexts: dict[TLS, Any] = {}
        self._is_asked = False

    def adopt(self, connected_socket: Any) -> list[Any]:
        """Take a connected socket, which is used as it is; gives it for the transport."""
        sockets, addresses = bind(self._settings, connected_socket)
        self.addresses.append(addresses)
        return sockets

    def open(self, place: Listen) -> list[Any]:
        """Listen in one more place; gives the sockets for the transport.

        Raises:
            SettingsError: If its TLS files cannot be used.
            ValueError: If parts of it contradict each other.
            CommunicationError: If the address cannot be had.
        """
        tls = self._settings.tls if place.tls is None else place.tls
        contexts = self._contexts_for(tls) if tls else None
        sockets, addresses = bind(
            replace(
                self._settings,
                host=place.host,
                port=place.port,
                unixsocket=place.unixsocket,
                nathost=place.nathost,
                natport=place.natport,
            ),
            listening_socket=place.socket,
        )
        self.addresses.append(addresses)
        if not (tls and tls.require_client_cert) and any(map(_is_reachable, sockets)):
            self.open_places.append(addresses.location())
        self._tls.update(dict.fromkeys(sockets, contexts))
        return sockets

    def open_all(self, places: Iterable[Listen]) -> list[Any]:
        """Listen in several places, or, if one of them cannot be had, in none; see ``open``."""
        sockets: list[Any] = []
        try:
            for place in places:
                sockets += self.open(place)
        except BaseException:
            self.close(sockets)
            raise
        return sockets

    def close(self, sockets: Iterable[Any]) -> None:
        """Close listening sockets that no transport has taken."""
        self.remove_socket_files()
        for sock in sockets:
            sock.close()

    def give_up(self, sockets: Sequence[Any]) -> None:
        """Close the place that was opened last, with these sockets."""
        given_up = self.addresses.pop()
        given_up.remove_socket_file()
        self.open_places = [place for place in self.open_places if place != given_up.location()]
        for sock in sockets:
            del self._tls[sock]
            sock.close()

    def uris(self, object_id: str, *, nat: bool = True) -> Sequence[URI]:
        """Addresses of an object, one for each place."""
        return [addresses.uri(object_id, nat=nat) for addresses in self.addresses]

    def context_for(self, listener: Any) -> "SSLContext | None":
        """The TLS context for what a listening socket accepts now; None for plain connections.

        Args:
            listener: The listening socket; None for a socket that was connected elsewhere.
        """
        self._is_asked = True
        contexts = self._tls.get(listener)
        return None if contexts is None else contexts.current()

    def wrap(self, sock: Any, listener: Any) -> Any:
        """What to read from and to write to instead of an accepted socket."""
        context = self.context_for(listener)
        if context is None:
            return sock
        from pyro_core.net.tls import TlsSocket

        return TlsSocket(sock, context, server_side=True)

    def check_is_asked(self) -> None:
        """See that the transport asks about TLS before it hands over a connection.

        Raises:
            PyroError: If it does not, although TLS is wanted somewhere.
        """
        if self._contexts and not self._is_asked:
            raise PyroError(
                f"server type {self._settings.servertype!r} does not speak TLS: "
                "it asks neither Host.wrap nor Host.tls_context; use another one"
            )

    @property
    def has_tls(self) -> bool:
        """Whether there are certificates."""
        return bool(self._contexts)

    def reload_tls(self) -> None:
        """Read the files of all certificates again, for connections to come.

        Raises:
            SettingsError: If some cannot be used; those go on with what they were.
        """
        for contexts in self._contexts.values():
            contexts.reload()

    def remove_socket_files(self) -> None:
        """Remove the files of Unix sockets."""
        for addresses in self.addresses:
            addresses.remove_socket_file()

    def _contexts_for(self, tls: TLS) -> Any:
        from pyro_core.net.tls_contexts import TlsContexts  # brings along the ssl module

        if tls not in self._contexts:
            self._contexts[tls] = TlsContexts(tls, server_side=True)
        return self._contexts[tls]


def place_of(settings: ServerSettings) -> Listen:
    """The place that settings name."""
    return Listen(
        host=settings.host,
        port=settings.port,
        unixsocket=settings.unixsocket,
        nathost=settings.nathost,
        natport=settings.natport,
    )


def _is_reachable(listener: Any) -> bool:
    """Whether other machines can connect to a listening socket."""
    name = listener.getsockname()
    return isinstance(name, tuple) and not is_loopback(str(name[0]))
