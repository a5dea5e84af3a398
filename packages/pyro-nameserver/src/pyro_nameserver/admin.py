"""Answers probes and scrapers over HTTP, on a port of its own.

``/livez``: whether the process does its work, or should be restarted. ``/readyz``: whether it should be sent
calls; not before it serves, while it stops, and when the storage is unavailable. ``/metrics``: figures.
Nothing here is secret or changes anything, but the port is for the operator: loopback unless told otherwise.
"""

import ipaddress
import logging
import socket
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import BoundedSemaphore, Thread
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from pyro_core.errors import CommunicationError, SettingsError

LOOPBACK: Final = "127.0.0.1"
MAX_REQUESTS: Final = 8
"""Requests that are answered at the same time; the connections of others are closed."""
REQUEST_S: Final = 5.0
"""Patience with a client that does not send its request, or does not take the answer."""
_MAX_PORT: Final = 65535

_log = logging.getLogger("pyro_nameserver.admin")


class Answer(NamedTuple):
    """What a page says.

    Attributes:
        text: The body.
        is_ok: False for status 503 in place of 200.
        content_type: Of the body.
    """

    text: str
    is_ok: bool = True
    content_type: str = "text/plain; charset=utf-8"


Pages = Mapping[str, Callable[[], Answer]]


def place_of(text: str) -> tuple[str, int]:
    """Host and port of a text such as ``9100``, ``0.0.0.0:9100`` or ``[::1]:9100``.

    Raises:
        SettingsError: If it is none.
    """
    host, _, port = text.rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) > _MAX_PORT:
        raise SettingsError(
            f"admin = {text!r} cannot be used: expected PORT or HOST:PORT, with a port up to {_MAX_PORT}",
            name="admin",
        )
    return host.strip("[]") or LOOPBACK, int(port)


class AdminServer:
    """Answers in a thread, from ``start`` until ``close``. Listens as soon as it is made.

    Args:
        place: Where to listen; see ``place_of``. Port 0 takes a free one.
        pages: Path -> what to answer.

    Attributes:
        address: Host and port that it listens on.

    Raises:
        SettingsError: If the place is none.
        CommunicationError: If it cannot listen there.
    """

    def __init__(self, place: str, pages: Pages) -> None:
        host, port = place_of(place)
        try:
            self._server = _Server((host, port), pages)
        except OSError as problem:
            raise CommunicationError(
                f"cannot listen on {host}:{port} for probes: {problem.strerror or problem}; "
                "choose another place with --admin, or leave it out",
                peer=f"{host}:{port}",
            ) from problem
        self.address: tuple[str, int] = self._server.server_address[:2]  # type: ignore[assignment]
        self._thread: Thread | None = None
        if not _is_loopback(self.address[0]):
            _log.warning("everybody who can reach %s port %d can read figures there", *self.address)

    @property
    def url(self) -> str:
        """Where it is, as the beginning of a URL."""
        host, port = self.address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread = Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.1},
            name="pyro-ns-admin",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Stop answering. May be called more than once."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], pages: Pages) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.pages = pages
        self._room = BoundedSemaphore(MAX_REQUESTS)
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer would ask the DNS for this host's name
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        _log.warning("answering %s failed", client_address[0], exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "pyro-nameserver"
    sys_version = ""
    timeout = REQUEST_S

    def do_GET(self) -> None:
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            self._send(404, Answer(f"there are {', '.join(sorted(self.server.pages))}\n"))
            return
        answer = page()
        self._send(200 if answer.is_ok else 503, answer)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        _log.debug(format, *args)

    def _send(self, status: int, answer: Answer) -> None:
        body = answer.text.encode()
        self.send_response(status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
