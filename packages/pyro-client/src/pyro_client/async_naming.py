"""Finding the name server from asyncio code."""

import asyncio
import builtins

from pyro_client.async_proxy import AsyncProxy
from pyro_client.plans.locate import locate
from pyro_client.profile import Profile
from pyro_client.run_async import AsyncRunner
from pyro_core.errors import NameServerNotFound
from pyro_core.names import NAMESERVER_ID
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI


async def locate_ns_async(
    host: str | None = None,
    port: int | None = None,
    *,
    broadcast: bool = True,
    settings: ClientSettings | None = None,
) -> AsyncProxy:
    """Find a name server; arguments and errors as for ``locate_ns``.

    Returns:
        A proxy of the name server, which connects at its first call.
    """
    profile = Profile(URI(f"PYRONAME:{NAMESERVER_ID}"), settings)
    runner = AsyncRunner(profile.settings)
    timeouts = profile.settings.timeouts
    limit_s = min((s for s in (timeouts.call_s, timeouts.connect_s) if s is not None), default=None)
    try:
        async with asyncio.timeout(limit_s):
            connection = await runner.run(locate(profile, host, port, broadcast=broadcast))
    except builtins.TimeoutError as passed:
        where = host or profile.settings.ns_host
        raise NameServerNotFound([(where, f"no answer within {limit_s} s")]) from passed
    connection.link.close()
    proxy = AsyncProxy(connection.uri, settings=profile.settings)
    proxy._pyro._profile.token = connection.token
    return proxy
