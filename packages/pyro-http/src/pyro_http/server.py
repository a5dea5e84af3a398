"""Serves a gateway with uvicorn, until it is told to stop."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import uvicorn

from pyro_core.errors import CommunicationError, SettingsError
from pyro_core.identity import Authenticator, Authorizer
from pyro_core.net.sockets import is_loopback
from pyro_core.settings import ClientSettings
from pyro_http.gateway import Gateway
from pyro_http.http_protocol import SocketProtocol, protocol_with
from pyro_http.settings import GatewaySettings
from pyro_server.stop_signals import stopping
from pyro_server.transports.event_loops import new_event_loop

KEEP_ALIVE_S = 30
"""How long a connection stays open between two requests."""
BACKLOG = 2048
"""Connections that wait to be accepted."""


class GatewayServer:
    """A gateway with its listening socket; use it as a context manager, in one thread.

    Args:
        settings: Where to listen, and what the gateway does.
        client_settings: As for ``Gateway``.
        authenticate: As for ``Gateway``.
        authorize: As for ``Gateway``.

    Attributes:
        gateway: The application.
        address: Host and port that it listens on.
        url: Where it is.

    Raises:
        SettingsError: If a setting cannot be used, or everybody could use the gateway without a token.
        CommunicationError: If it cannot listen where it should.
    """

    def __init__(
        self,
        settings: GatewaySettings | None = None,
        *,
        client_settings: ClientSettings | None = None,
        authenticate: Sequence[Authenticator] = (),
        authorize: Authorizer | None = None,
    ) -> None:
        settings = settings or GatewaySettings.from_environ()
        if "*" not in settings.allowed_hosts:
            own = f"[{settings.host}]" if ":" in settings.host else settings.host
            settings = replace(settings, allowed_hosts=(*settings.allowed_hosts, own))
        self.gateway = Gateway(
            settings, client_settings=client_settings, authenticate=authenticate, authorize=authorize
        )
        _check_reach(settings, lets_anybody_in=self.gateway.access.lets_anybody_in)
        self._socket = _listening(settings.host, settings.port)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        scheme = "https" if settings.certfile else "http"
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        self.url = f"{scheme}://{host}:{self.address[1]}"
        self._server = _Server(self.gateway, _configuration(self.gateway, settings))

    def serve(self, announce: Callable[[str], object] = print) -> None:
        """Answer requests until ``stop`` is called; Ctrl-C and SIGTERM do so.

        Args:
            announce: Gets lines that tell where it is, once clients can connect.
        """
        self._server.on_start = lambda: announce(self.banner())
        # Around all of it: asyncio takes Ctrl-C for itself where nobody else has.
        with stopping(self.stop), asyncio.Runner(loop_factory=partial(new_event_loop, "auto")) as runner:
            runner.run(self._server.serve(sockets=[self._socket]))

    def stop(self) -> None:
        """Stop soon, after the calls that run. From any thread."""
        self._server.should_exit = True

    def banner(self) -> str:
        """Lines that tell where it is, and what it offers."""
        settings = self.gateway.settings
        lines = [f"Pyro HTTP gateway on {self.url}"]
        if settings.console:
            lines.append(f"Console: {self.url}/console/")
        lines.append(f"Offering names that match: {'  '.join(settings.expose)}")
        lines.append(
            f"Not connected to a name server: {self.gateway.directory.problem}"
            if self.gateway.directory.problem
            else f"Connected to the name server; {len(self.gateway.directory.names)} names are offered."
        )
        if self.gateway.access.lets_anybody_in:
            lines.append("Everybody who can reach it may call these objects: nobody is asked for a token.")
        return "\n".join(lines)

    def close(self) -> None:
        """Let go of the socket. May be called more than once."""
        self._socket.close()

    def __enter__(self) -> "GatewayServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def serve(
    settings: GatewaySettings | None = None,
    *,
    client_settings: ClientSettings | None = None,
    authenticate: Sequence[Authenticator] = (),
    authorize: Authorizer | None = None,
    announce: Callable[[str], object] = print,
) -> None:
    """Run a gateway in this thread until Ctrl-C or SIGTERM; arguments and errors as for ``GatewayServer``."""
    with GatewayServer(
        settings, client_settings=client_settings, authenticate=authenticate, authorize=authorize
    ) as server:
        server.serve(announce)


class _Server(uvicorn.Server):
    """Tells when it has begun, and leaves signals to who runs it."""

    def __init__(self, gateway: Gateway, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._gateway = gateway
        self.on_start: Callable[[], object] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._gateway.end_streams()
        await super().shutdown(sockets=sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _configuration(gateway: Gateway, settings: GatewaySettings) -> uvicorn.Config:
    return uvicorn.Config(
        gateway,
        http=protocol_with(settings.head_s, settings.max_header_bytes),
        ws=SocketProtocol,
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws_max_size=settings.max_body_bytes,
        ws_per_message_deflate=False,
        limit_concurrency=settings.max_connections,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(round(settings.drain_s), 1),
        ssl_certfile=settings.certfile,
        ssl_keyfile=settings.keyfile,
    )


def _check_reach(settings: GatewaySettings, *, lets_anybody_in: bool) -> None:
    if lets_anybody_in and not settings.allow_anonymous and not is_loopback(settings.host):
        raise SettingsError(
            f"host = {settings.host!r} can be reached from elsewhere, and nobody is asked for a token: "
            "everybody there could call the objects; set tokens_file (--tokens-file), listen on localhost, "
            "or set allow_anonymous (--allow-anonymous) if that is what you want",
            name="host",
        )


def _listening(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as problem:
        raise CommunicationError(
            f"cannot listen on {host}:{port}: {problem.strerror or problem}; choose another place with "
            "--host and --port",
            peer=f"{host}:{port}",
        ) from problem
