"""``Pyro4.config`` as the settings of the packages below."""

import os
from dataclasses import replace

from Pyro4.configuration import config
from Pyro4.facade.tls import client_tls, server_tls
from pyro_core.setting_groups import MESSAGE_LIMIT
from pyro_core.settings import ClientSettings, Limits, ServerSettings, Timeouts

_SERVER_TYPES = {"thread": "threaded", "multiplex": "multiplex"}


def client_settings(host: str | None = None) -> ClientSettings:
    """How a proxy behaves, by what is configured now.

    Args:
        host: Of the server, as far as it is known.
    """
    return ClientSettings(
        serializer=config.SERIALIZER,
        compression=config.COMPRESSION,
        max_retries=config.MAX_RETRIES,
        ns_host=config.NS_HOST,
        ns_port=config.NS_PORT,
        ns_broadcast_port=config.NS_BCPORT,
        broadcast_addresses=tuple(config.parseAddressesString(config.BROADCAST_ADDRS)),
        nodelay=True,
        prefer_ip_version=_ip_version(host),
        tls=client_tls() if config.SSL else None,
        timeouts=Timeouts(call_s=config.COMMTIMEOUT or None),
        limits=_limits(),
        observers=_observers(),
    )


def server_settings(host: str | None = None) -> ServerSettings:
    """How a daemon behaves, by what is configured now.

    Args:
        host: Where it listens; None for ``config.HOST``.

    Raises:
        PyroError: If there is no such server type.
    """
    from Pyro4.errors import PyroError

    if config.SERVERTYPE not in _SERVER_TYPES:
        raise PyroError(f"invalid server type '{config.SERVERTYPE}'; use {' or '.join(_SERVER_TYPES)}")
    return ServerSettings(
        host=config.HOST,
        nathost=config.NATHOST,
        natport=config.NATPORT,
        servertype=_SERVER_TYPES[config.SERVERTYPE],
        serializers=tuple(sorted(config.SERIALIZERS_ACCEPTED)),
        threads=config.THREADPOOL_SIZE,
        min_threads=min(config.THREADPOOL_SIZE_MIN, config.THREADPOOL_SIZE),
        streaming=config.ITER_STREAMING,
        stream_lifetime_s=config.ITER_STREAM_LIFETIME,
        stream_linger_s=config.ITER_STREAM_LINGER,
        compression=config.COMPRESSION,
        detailed_traceback=config.DETAILED_TRACEBACK,
        nodelay=True,
        reuse_address=config.SOCK_REUSE,
        prefer_ip_version=_ip_version(config.HOST if host is None else host),
        tls=server_tls() if config.SSL else None,
        timeouts=Timeouts(idle_s=config.COMMTIMEOUT or None),
        limits=_limits(),
        observers=_observers(),
    )


def _observers() -> tuple[str, ...]:
    """Who is told what happens: that is up to the operator, as programs for Pyro4 know nothing of it."""
    text = os.environ.get("PYRO_OBSERVERS")
    return ClientSettings.from_environ({"PYRO_OBSERVERS": text}).observers if text else ()


def _ip_version(host: str | None) -> int:
    """Which addresses to insist on: none in particular where one is given, as nobody has to choose then."""
    return 0 if ":" in (host or "") else config.PREFER_IP_VERSION or 0


def live_settings(settings: ServerSettings) -> ServerSettings:
    """Settings of a daemon, with what is configured now where that holds at once.

    Args:
        settings: What it was made with.
    """
    return replace(
        settings,
        streaming=config.ITER_STREAMING,
        stream_lifetime_s=config.ITER_STREAM_LIFETIME,
        stream_linger_s=config.ITER_STREAM_LINGER,
        compression=config.COMPRESSION,
        detailed_traceback=config.DETAILED_TRACEBACK,
        limits=_limits(),
    )


def _limits() -> Limits:
    return Limits(max_message_bytes=config.MAX_MESSAGE_SIZE or MESSAGE_LIMIT)
