"""The part of a daemon that is about the names of its objects."""

import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pyro_core.errors import DaemonError, PyroError
from pyro_core.uri import URI

if TYPE_CHECKING:
    from pyro_server.publishing import NameKeeper, PublishedName

DEFAULT_TTL_S = 20.0
"""How long a name outlives a server that was killed, if nothing else is said."""
_STARTING = threading.Lock()


class Publisher:
    """Registers names of objects in name servers, and keeps them registered while the daemon lives."""

    _keeper: "NameKeeper | None" = None
    _closed: bool = False
    _is_child: bool = False

    if TYPE_CHECKING:

        def register(self, obj_or_cls: Any, object_id: str | None = None) -> URI: ...
        def uri_for(self, obj_or_id: Any, *, nat: bool = True) -> URI: ...

    @property
    def published(self) -> "Mapping[str, PublishedName]":
        """The names that were published, and how each is doing."""
        return {} if self._keeper is None else self._keeper.names

    def publish(
        self,
        name: str,
        obj_or_id: Any,
        *,
        ns: str | None = None,
        ttl: float | None = DEFAULT_TTL_S,
        metadata: Iterable[str] = (),
        owner: str | None = None,
    ) -> URI:
        """Register an object here, and its name in a name server, under a lease that is renewed from now on.

        The name is gone when the daemon is closed, or ``ttl`` seconds after this program was killed. When the
        name server has lost it, it is registered again. If somebody else has it leased, such as a program of
        the same kind that was killed just now, it is taken when that lease ends; see ``published``. A name
        server that knows no leases, such as a stock one, keeps the name until the daemon is closed.

        Args:
            name: The name.
            obj_or_id: Object, class, or id of one that is registered here.
            ns: Where the name server is: host, ``host:port``, ``./u:path``, or several with commas between;
                None for where the settings say.
            ttl: How long the lease lasts, in seconds, 2 to 604800; None for a permanent registration.
            metadata: Tags of the name.
            owner: A secret text that owns the lease. A program that is started again takes its own name over
                at once if it gives the same one.

        Returns:
            The address of the object.

        Raises:
            NameServerNotFound: If no name server answers.
            NamingError: If it refuses the name.
            SecurityError: If it does not allow this program to register names.
            PluginError: If the client package, which talks to the name server, is not installed.
        """
        if self._closed:
            raise PyroError("this daemon is closed; make a new one")
        if self._is_child:
            raise PyroError(
                f"cannot publish {name!r} in one of several processes that serve the same: their parent "
                "keeps the names; publish before request_loop()"
            )
        uri = self.uri_of(obj_or_id)
        with _STARTING:
            if self._keeper is None:
                from pyro_server.publishing import NameKeeper

                self._keeper = NameKeeper(_name_server)
        self._keeper.publish(name, uri, ns=ns, ttl_s=ttl, metadata=metadata, owner=owner)
        return uri

    def unpublish(self, *names: str) -> None:
        """Take names out of the name server again; unknown ones are no error. The objects stay registered."""
        if self._keeper is not None:
            self._keeper.withdraw(lambda kept: kept.name in names)

    def uri_of(self, obj_or_id: Any, object_id: str | None = None) -> URI:
        """The address of an object, class or id; what is not registered yet is registered.

        Args:
            obj_or_id: The object, class, or id of one that is registered here.
            object_id: Its id, if it is registered now; None makes one up.
        """
        try:
            return self.uri_for(obj_or_id)
        except DaemonError:
            return self.register(obj_or_id, object_id)

    def forked(self) -> None:
        """Called in a child process: the names are the parent's to keep, and to take back."""
        self._keeper = None
        self._is_child = True

    def _withdraw_object(self, object_id: str) -> None:
        if self._keeper is not None:
            self._keeper.withdraw_soon(lambda kept: kept.uri.object == object_id)

    def _withdraw_all(self) -> None:
        """Also from signal handlers."""
        if self._keeper is not None:
            self._keeper.withdraw_soon(lambda kept: True)

    def _stop_publishing(self) -> None:
        if self._keeper is not None:
            self._keeper.close()


def _name_server(ns: str | None) -> Any:
    """A connection to the name server, made by the client package, which this one does not import."""
    from pyro_core import plugins

    locate = plugins.references().load("nameserver")
    return locate() if ns is None else locate(ns)
