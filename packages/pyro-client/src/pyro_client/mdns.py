"""The discovery question by multicast DNS, as Bonjour and Avahi speak it. Needs the package ``zeroconf``."""

import time
from collections.abc import Collection
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from pyro_core.discovery import MDNS_TYPE
from pyro_core.errors import CommunicationError, PluginError
from pyro_core.names import NAMESERVER_ID
from pyro_core.uri import URI

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf


def ask(wait_s: float, *, known: Collection[str] = ()) -> str | None:
    """Ask who announces a name server.

    Args:
        wait_s: How long to wait for an answer, in seconds.
        known: Answers that are not wanted.

    Returns:
        The address of the first that answered, as a URI's text; None if nobody did.

    Raises:
        PluginError: If the package ``zeroconf`` is not installed.
        CommunicationError: If there is no network to ask.
    """
    try:
        from zeroconf import ServiceBrowser, ServiceStateChange, Zeroconf
    except ImportError as problem:
        raise PluginError(
            "multicast DNS needs the package zeroconf: pip install 'pyro-client[mdns]'", name="mdns"
        ) from problem
    names: SimpleQueue[str] = SimpleQueue()

    def heard(zeroconf: "Zeroconf", service_type: str, name: str, state_change: "ServiceStateChange") -> None:
        if state_change is not ServiceStateChange.Removed:
            names.put(name)

    deadline = time.monotonic() + wait_s
    try:
        # Answers come to a port of our own: they are lost where others listen on that of multicast DNS, too.
        with Zeroconf(unicast=True) as network:
            ServiceBrowser(network, MDNS_TYPE, handlers=[heard])
            while (left_s := deadline - time.monotonic()) > 0:
                info = network.get_service_info(MDNS_TYPE, names.get(timeout=left_s), int(left_s * 1000))
                for place in _places(info):
                    if place not in known:
                        return place
    except Empty:
        return None
    except OSError as problem:
        raise CommunicationError(f"the question could not be sent: {problem}") from problem
    return None


def _places(info: Any) -> list[str]:
    """Addresses that somebody announces."""
    if info is None or info.port is None:
        return []
    hosts = info.parsed_addresses()
    return [str(URI.for_location(NAMESERVER_ID, host=host, port=info.port)) for host in hosts]
