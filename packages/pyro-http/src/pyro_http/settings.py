"""How a gateway behaves: frozen values, read from a program, a TOML table or the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pyro_core import setting_kinds as kinds
from pyro_core.setting_sources import FromOutside


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings(FromOutside):
    """What a gateway shows to whom, and what one client may cost.

    Attributes:
        host: Host name or address to listen on; for ``serve``.
        port: TCP port; 0 takes a free one; for ``serve``.
        certfile: File with certificate and chain, as PEM, to speak HTTPS; for ``serve``.
        keyfile: File with its private key; None if it is in the same file.
        expose: Regular expressions; the names that one of them matches as a whole are there for HTTP clients.
            Names that begin with ``Pyro.`` are so only by a pattern that begins with ``Pyro``.
        tokens_file: TOML file with the tokens of clients that are let in, see ``pyro_server.Tokens``.
            Without it, and without authenticators, everybody may.
        allow_anonymous: Whether ``serve`` listens beyond loopback although nobody is asked who they are.
        allowed_hosts: What the header ``Host`` may say, without port; ``*`` for anything. ``serve`` adds the
            address that it listens on.
        cors_origins: Origins, such as ``https://app.example``, whose pages may use the gateway.
        console: Whether there is the web console.
        tracebacks: Whether clients see the remote tracebacks of exceptions.
        timeout_s: How long a call may take if its client does not say.
        max_timeout_s: How long a client may ask for.
        max_body_bytes: Body of one request, and message of a WebSocket.
        max_header_bytes: Head of one request; for ``serve``.
        head_s: Patience with a client that does not send the head of its first request; for ``serve``.
        body_s: Patience with a client that does not send the body of its request.
        max_connections: Connections of HTTP clients; for ``serve``.
        max_calls: Requests that are worked on at the same time.
        max_streams: Streams that are open at the same time.
        rate_per_s: Requests a second that one client may make; 0 for any number.
        burst: Requests that a client may make at once after a pause; 0 for twice ``rate_per_s``.
        connections_per_daemon: Connections to a daemon that does one call at a time on each (a stock one).
        max_daemons: Daemons with open connections.
        heartbeat_s: Silence on a stream of events after which the client is told that nothing happens.
        drain_s: How long ``serve`` waits for calls that run when it is to stop.
    """

    host: str = "localhost"
    port: int = 8080
    certfile: str | None = None
    keyfile: str | None = None
    expose: tuple[str, ...] = (r"http\..*",)
    tokens_file: str | None = None
    allow_anonymous: bool = False
    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    cors_origins: tuple[str, ...] = ()
    console: bool = False
    tracebacks: bool = False
    timeout_s: float = 30.0
    max_timeout_s: float = 300.0
    max_body_bytes: int = 1 << 20
    max_header_bytes: int = 32 << 10
    head_s: float = 10.0
    body_s: float = 30.0
    max_connections: int = 2_000
    max_calls: int = 1_000
    max_streams: int = 200
    rate_per_s: float = 0.0
    burst: int = 0
    connections_per_daemon: int = 8
    max_daemons: int = 1_000
    heartbeat_s: float = 15.0
    drain_s: float = 5.0

    _TABLE: ClassVar[str] = "gateway"
    _VARIABLES: ClassVar[Mapping[str, tuple[str, kinds.Kind]]] = {
        "PYRO_GATEWAY_HOST": ("host", kinds.TEXT),
        "PYRO_GATEWAY_PORT": ("port", kinds.PORT),
        "PYRO_GATEWAY_TOKENS_FILE": ("tokens_file", kinds.OPTIONAL_TEXT),
        "PYRO_GATEWAY_ALLOWED_HOSTS": ("allowed_hosts", kinds.NAMES),
        "PYRO_GATEWAY_CORS_ORIGINS": ("cors_origins", kinds.PERHAPS_NAMES),
    }
