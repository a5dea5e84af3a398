"""The name server of Pyro4: its remote object, and what runs beside it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from Pyro4.configuration import config
from Pyro4.constants import NAMESERVER_NAME
from Pyro4.errors import NamingError
from Pyro4.facade.failures import classic_errors
from Pyro4.facade.storages import native_storage
from Pyro4.facade.uri import URI
from Pyro4.naming_storage import MemoryStorage
from pyro_core.context import serving
from pyro_core.errors import NameNotFound
from pyro_core.expose import EXPOSED_MARK, expose
from pyro_nameserver import autoclean, broadcast
from pyro_nameserver.inputs import checked_tags
from pyro_nameserver.registry import Registry


@contextmanager
def _classic_texts() -> Iterator[None]:
    try:
        with classic_errors():
            yield
    except NamingError as problem:
        if isinstance(problem.__context__, NameNotFound):  # without similar names
            raise NamingError(f"unknown name: {problem.__context__.name}") from None
        raise


class NameServer:
    """Names, addresses and metadata, for remote callers.

    Args:
        storageProvider: Where they are kept; None for in memory.
    """

    __module__ = "Pyro4.naming"

    def __init__(self, storageProvider: Any = None) -> None:
        self.storage = MemoryStorage() if storageProvider is None else storageProvider
        with classic_errors():
            self._registry = Registry(native_storage(self.storage))

    @expose
    def ping(self) -> None:
        """Do nothing, successfully."""

    @expose
    def count(self) -> int:
        """How many names there are."""
        with _classic_texts():
            return self._registry.count()

    @expose
    def lookup(self, name: str, return_metadata: bool = False) -> Any:
        """The address of a name; with ``return_metadata`` a pair of address and list of tags.

        Raises:
            NamingError: If nobody registered it.
        """
        with _classic_texts():
            uri, tags = self._registry.lookup(name, return_metadata=True)
        return (URI(uri), sorted(tags)) if return_metadata else URI(uri)

    @expose
    def register(
        self, name: str, uri: "str | URI", safe: bool = False, metadata: Iterable[str] | None = None
    ) -> None:
        """Give an address a name.

        Args:
            name: The name. The name server's own is taken from this process only.
            uri: The address.
            safe: Leave a name alone that is registered.
            metadata: Tags of the name.

        Raises:
            NamingError: If ``safe`` is given and the name is registered.
        """
        with _classic_texts():
            if name == NAMESERVER_NAME and serving() is None:
                self._registry.announce(URI(uri), checked_tags("metadata", metadata))
            else:
                self._registry.register(name, uri, safe=safe, metadata=metadata)

    @expose
    def set_metadata(self, name: str, metadata: Iterable[str]) -> None:
        """Replace the tags of a name.

        Raises:
            NamingError: If nobody registered it.
        """
        with _classic_texts():
            self._registry.set_metadata(name, metadata)

    @expose
    def remove(self, name: str | None = None, prefix: str | None = None, regex: str | None = None) -> int:
        """Forget a name, or else all with a prefix, or else all whose beginning matches a pattern.

        Returns:
            How many are gone.
        """
        with _classic_texts():
            if name:
                return self._registry.remove(name)
            return self._registry.remove(prefix=prefix) if prefix else self._registry.remove(regex=regex)

    @expose
    def list(
        self,
        prefix: str | None = None,
        regex: str | None = None,
        metadata_all: Iterable[str] | None = None,
        metadata_any: Iterable[str] | None = None,
        return_metadata: bool = False,
    ) -> dict[str, Any]:
        """All names, or some: with a prefix, matching a pattern, or having certain tags.

        Returns:
            Name -> address as text; with ``return_metadata`` name -> (address as text, list of tags).

        Raises:
            ValueError: If more than one filter is given.
            NamingError: If the pattern is none.
        """
        if sum(given is not None for given in (prefix, regex, metadata_all, metadata_any)) > 1:
            raise ValueError("you can only filter on one thing at a time")
        with _classic_texts():
            found = self._registry.list(prefix, regex, metadata_all, metadata_any, return_metadata=True)
        if return_metadata:
            return {name: (uri, sorted(tags)) for name, (uri, tags) in found.items()}
        return {name: uri for name, (uri, _) in found.items()}


setattr(NameServer, EXPOSED_MARK, True)


class AutoCleaner(autoclean.AutoCleaner):
    """Forgets names whose servers are gone, every ``config.NS_AUTOCLEAN`` seconds.

    Args:
        nameserver: The name server.

    Raises:
        ValueError: If that is less than three seconds.
    """

    __module__ = "Pyro4.naming"
    min_autoclean_value = 3
    max_unreachable_time = 20.0
    loop_delay = 2.0  # has no effect: rounds are as far apart as is configured
    override_autoclean_min = False

    def __init__(self, nameserver: NameServer) -> None:
        super().__init__(
            native_storage(nameserver.storage),
            period_s=config.NS_AUTOCLEAN,
            min_period_s=0.0 if self.override_autoclean_min else self.min_autoclean_value,
            dead_after_s=self.max_unreachable_time,
        )


class BroadcastServer(broadcast.BroadcastResponder):
    """Answers clients that ask the local network for the name server.

    Args:
        nsUri: Address of the name server.
        bchost: Where to listen; None for ``config.NS_BCHOST``.
        bcport: UDP port; None for ``config.NS_BCPORT``.
        ipv6: Not possible.

    Raises:
        ValueError: If ``ipv6`` is wanted.
        NamingError: If the port cannot be used.
    """

    __module__ = "Pyro4.naming"

    def __init__(
        self, nsUri: URI, bchost: str | None = None, bcport: int | None = None, ipv6: bool = False
    ) -> None:
        if ipv6:
            raise ValueError("IPv6 has no broadcasts")
        self.nsUri = nsUri
        with classic_errors():
            super().__init__(
                nsUri,
                host=config.NS_BCHOST if bchost is None else bchost,
                port=config.NS_BCPORT if bcport is None else bcport,
            )

    @property
    def sock(self) -> Any:
        """The socket that it listens on."""
        return self.udp_socket

    @property
    def locationStr(self) -> str:
        """Where it listens."""
        host, port = self.address
        return f"{host}:{port}"

    def getPort(self) -> int:
        """The UDP port that it listens on."""
        return self.address[1]

    def runInThread(self) -> Thread:
        """Answer from now on, until ``close``; gives the thread that does."""
        return self.start()

    def processRequest(self) -> None:
        """Answer the questions that have arrived; does not wait."""
        self.handle()
