"""What a daemon says about itself, where it is one of ours."""

from typing import TYPE_CHECKING, Any

from pyro_core.errors import PyroError
from pyro_core.names import DAEMON_ID

if TYPE_CHECKING:
    from pyro_client.proxy import Proxy


def health_of(proxy: "Proxy") -> dict[str, Any]:
    """How the daemon of an object is doing (see ``pyro_server.health.Health``).

    Empty where it does not say: stock ones cannot, others may not tell everybody.

    Args:
        proxy: For the object; connected.
    """
    connection = proxy._pyro.connection
    if connection is None or not connection.features:
        return {}
    try:
        said = proxy._pyro.invoke("health", object_id=DAEMON_ID)
    except (PyroError, AttributeError):
        return {}
    return said if isinstance(said, dict) else {}
