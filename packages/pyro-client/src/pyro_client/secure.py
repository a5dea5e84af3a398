"""How a client speaks TLS. Imported by those who do: it brings along the ``ssl`` module."""

import builtins
import ssl
import threading
from dataclasses import replace
from typing import Any, Final
from weakref import WeakValueDictionary

from pyro_core.errors import CommunicationError, SettingsError, TimeoutError
from pyro_core.net.tls import TlsSocket
from pyro_core.net.tls_contexts import TlsContexts
from pyro_core.net.tls_failures import TlsError
from pyro_core.settings import TLS
from pyro_core.uri import URI


class ClientTls:
    """The client's side of TLS, as settings want it. Thread-safe.

    Args:
        tls: The settings.
    """

    def __init__(self, tls: TLS) -> None:
        self._tls = tls
        self._contexts: dict[bool, TlsContexts] = {}

    def context_for(self, uri: URI) -> tuple[ssl.SSLContext, str | None]:
        """The context for a connection to an address, and the name that the server must prove to have.

        Raises:
            SettingsError: If files cannot be used, or a name is to be checked and there is none.
        """
        tls = self._tls
        name = tls.server_hostname or (uri.host.partition("%")[0] if uri.host else None)
        nameless = name is None and tls.context is None
        contexts = self._contexts.get(nameless)
        if contexts is None:
            wanted = replace(tls, check_hostname=False) if nameless else tls
            contexts = self._contexts[nameless] = TlsContexts(wanted, server_side=False)
        context = contexts.current()
        if name is None and context.check_hostname:
            raise SettingsError(
                f"the TLS context checks host names, and {uri.location} has none: "
                "give TLS(server_hostname=...) as well, or a context whose check_hostname is off",
                name="tls.server_hostname",
            )
        return context, name

    def secured(self, sock: Any, uri: URI, timeout_s: float | None) -> TlsSocket:
        """Speak TLS over a connected socket, which is closed if that fails.

        Args:
            sock: The socket.
            uri: Where it leads to.
            timeout_s: Seconds for the handshake; None for any time.

        Raises:
            CommunicationError: If the two sides do not come together; ``retry_safe`` is set.
            SettingsError: If files cannot be used.
        """
        peer = str(uri.location)
        try:
            context, name = self.context_for(uri)
            secured = TlsSocket(sock, context, server_side=False, server_hostname=name)
            secured.shake_hands(timeout_s)
        except OSError as problem:
            sock.close()
            if isinstance(problem, TlsError):
                raise CommunicationError(
                    f"cannot connect to {peer}: {problem}", peer=peer, retry_safe=True
                ) from problem
            if isinstance(problem, builtins.TimeoutError):
                raise TimeoutError(
                    f"cannot connect to {peer}: {problem}; does it speak TLS?", peer=peer, retry_safe=True
                ) from problem
            raise CommunicationError(
                f"cannot connect to {peer}: {problem.strerror or problem}, during the TLS handshake; does it "
                "speak TLS?",
                peer=peer,
                retry_safe=True,
            ) from problem
        except BaseException:
            sock.close()
            raise
        return secured


class SharedTls:
    """One ``ClientTls`` for all proxies with the same settings, as long as one of them uses it.

    Loading the authorities of the operating system takes more time and memory than a connection.
    """

    def __init__(self) -> None:
        self._known: WeakValueDictionary[TLS, ClientTls] = WeakValueDictionary()
        self._lock = threading.Lock()

    def get(self, tls: TLS) -> ClientTls:
        """The one for these settings."""
        with self._lock:
            found = self._known.get(tls)
            if found is None:
                found = self._known[tls] = ClientTls(tls)
            return found


SHARED: Final = SharedTls()
"""One per process; it keeps nothing alive."""
