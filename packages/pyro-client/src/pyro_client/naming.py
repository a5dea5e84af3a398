"""Finding objects by name, for blocking code."""

from __future__ import annotations

from pyro_client.plans import resolve as plans
from pyro_client.plans.locate import locate
from pyro_client.profile import Profile
from pyro_client.proxy import Proxy
from pyro_client.run_sync import SyncRunner
from pyro_core.uri import URI

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pyro_core.settings import ClientSettings

_SOMEWHERE = URI("PYRONAME:Pyro.NameServer")


def locate_ns(
    host: str | None = None,
    port: int | None = None,
    *,
    broadcast: bool = True,
    settings: ClientSettings | None = None,
) -> Proxy:
    """Find a name server.

    Args:
        host: Where it is: host name, address, or ``./u:path`` for a Unix socket. Several are separated by
            commas, and may each have a port: ``"a:9090,b:9090"``; the first that serves is taken, and those
            that failed a moment ago are tried last. None tries what is configured, and asks the local network
            beside that.
        port: TCP port of those that tell none; None for the configured one.
        broadcast: Whether to ask the local network if what is configured does not answer at once.
        settings: How to behave; None reads the environment.

    Returns:
        A connected proxy of the name server.

    Raises:
        NameServerNotFound: If there is none; it tells what was tried and why that did not serve.
    """
    profile = Profile(_SOMEWHERE, settings)
    runner = SyncRunner(profile.settings)
    plan = locate(profile, host, port, broadcast=broadcast)
    connection = runner.run(plan, _deadline(runner))
    proxy = Proxy(connection.uri, settings=profile.settings)
    proxy._pyro._profile.token = connection.token
    proxy._pyro._channel.adopt(connection)
    return proxy


def resolve(uri: str | URI, *, settings: ClientSettings | None = None) -> URI:
    """The address that a name or tags stand for.

    Args:
        uri: ``PYRONAME:name``, or ``PYROMETA:tag,tag``, of whose matches one is chosen at random. A ``PYRO``
            address is given back as it is.
        settings: How to behave; None reads the environment.

    Raises:
        NameServerNotFound: If there is no name server.
        NamingError: If it does not know the name, or no object has all the tags.
    """
    asked = URI(uri)
    if asked.protocol == "PYRO":
        return asked
    profile = Profile(asked, settings)
    runner = SyncRunner(profile.settings)
    return runner.run(plans.resolve(asked, profile, plans.any_of), _deadline(runner))


def type_meta(class_or_object: object, prefix: str = "class:") -> set[str]:
    """Tags that tell what something is, to be registered as a name's metadata.

    Args:
        class_or_object: A class, or an instance of it.
        prefix: What each tag begins with.

    Returns:
        One tag for the class and each of its base classes, without those of Python itself.
    """
    cls = class_or_object if isinstance(class_or_object, type) else type(class_or_object)
    return {
        f"{prefix}{base.__module__}.{base.__name__}" for base in cls.__mro__ if base.__module__ != "builtins"
    }


def _deadline(runner: SyncRunner) -> float | None:
    timeouts = runner.settings.timeouts
    seconds = min((s for s in (timeouts.call_s, timeouts.connect_s) if s is not None), default=None)
    return None if seconds is None else runner.clock() + seconds
