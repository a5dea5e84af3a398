"""Objects for HTTP clients: ``pyro_app`` is a WSGI application, and this module a program that runs it."""

import os
import re
import warnings
from collections.abc import Iterable, Iterator
from itertools import islice
from optparse import OptionParser
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from Pyro4 import core, errors, util
from Pyro4.configuration import config
from Pyro4.facade.gateway_calls import RemoteFailure, call, proxy_for
from Pyro4.facade.gateway_pages import HEADERS, Listed, overview
from Pyro4.facade.gateway_requests import (
    KEY_PARAMETER,
    Environ,
    TooLargeError,
    correlation_id_of,
    has_key,
    hide_key,
    parameters_of,
    path_of,
    singlyfy_parameters,
    wants_oneway,
)

__all__ = ["get_nameserver", "main", "pyro_app", "singlyfy_parameters"]

LISTED_MAX: Final = 10
"""How many objects the overview lists."""
LISTING_S: Final = 2.0
"""How long the overview waits for one of them, if no other timeout is configured."""
IDLE_S: Final = 60.0
"""How long the server waits for the rest of a request."""
_PREFIX: Final = "pyro/"
_TEXT: Final = (("Content-Type", "text/plain; charset=utf-8"),)
_JSON: Final = (("Content-Type", "application/json; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))


class _Known:
    """What was found out."""

    nameserver: Any = None


def get_nameserver(hmac: bytes | str | None = None) -> Any:
    """A proxy of the name server, searched for again when it does not answer.

    Args:
        hmac: The key that it shares.

    Raises:
        NamingError: If there is none.
    """
    if _Known.nameserver is not None:
        try:
            _Known.nameserver.ping()
        except errors.CommunicationError:
            _Known.nameserver = None
    if _Known.nameserver is None:
        _Known.nameserver = core.locateNS(hmac_key=hmac)
    return _Known.nameserver


class GatewayApp:
    """A WSGI application that calls objects.

    Attributes:
        ns_regex: Regular expression; only objects whose names begin with a match can be called.
        hmac_key: The key that Pyro's servers share.
        gateway_key: The key that requests must come with; None for none.
        comm_timeout: Seconds that a call may take; 0 for what is configured.
    """

    def __init__(self) -> None:
        self.ns_regex = r"http\."
        self.hmac_key: bytes | str | None = None
        self.gateway_key: bytes | str | None = None
        self.comm_timeout = config.COMMTIMEOUT

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        status, headers, body = self._respond(environ)
        start_response(status, list(headers))
        return [body]

    def _respond(self, environ: Environ) -> "_Response":
        path = path_of(environ)
        if not path:
            return "302 Found", [("Location", "/pyro/")], b""
        if not path.startswith(_PREFIX):
            return _plain("404 Not Found")
        if environ["REQUEST_METHOD"] not in ("GET", "POST"):
            return _plain("405 Method Not Allowed")
        try:
            parameters = parameters_of(environ)
        except TooLargeError as problem:
            return _plain("413 Content Too Large", problem)
        except ValueError as problem:
            return _plain("400 Bad Request", problem)
        if path == _PREFIX:
            return self._overview()
        name, _, member = path.removeprefix(_PREFIX).rpartition("/")
        if not name or not member:
            return _plain("404 Not Found")
        if not has_key(environ, parameters, self.gateway_key):
            return _plain("403 Forbidden", "the key of the gateway is missing or wrong")
        if not re.match(self.ns_regex, name):
            return _plain("403 Forbidden", "the gateway does not give access to this object")
        parameters.pop(KEY_PARAMETER, None)
        try:
            return self._call(environ, name, member, singlyfy_parameters(parameters))
        except RemoteFailure as failure:
            return "500 Internal Server Error", _JSON, failure.body
        except Exception as problem:
            return "500 Internal Server Error", _JSON, util.get_serializer("json").dumps(problem)

    def _call(self, environ: Environ, name: str, member: str, parameters: dict[str, Any]) -> "_Response":
        correlation_id = correlation_id_of(environ)
        uri = get_nameserver(hmac=self.hmac_key).lookup(name)
        with proxy_for(uri, self.hmac_key, self.comm_timeout) as proxy:
            if wants_oneway(environ):
                proxy._pyroOneway = proxy._pyroOneway | {member}
            body = call(proxy, member, parameters, correlation_id)
        return "200 OK", [*_JSON, ("X-Pyro-Correlation-Id", str(correlation_id))], body

    def _overview(self) -> "_Response":
        try:
            nameserver = get_nameserver(hmac=self.hmac_key)
            found = nameserver.list(regex=self.ns_regex)
        except errors.PyroError:
            return _plain("500 Internal Server Error", "there is no connection to the Pyro name server")
        location = nameserver._pyroUri.location
        return "200 OK", HEADERS, overview(self._listed(found), location, self.ns_regex, LISTED_MAX)

    def _listed(self, found: dict[str, Any]) -> Iterator[Listed]:
        for name in islice(sorted(found), LISTED_MAX):
            try:
                with proxy_for(found[name], self.hmac_key, self.comm_timeout or LISTING_S) as proxy:
                    yield Listed(name, proxy._pyroMethods, proxy._pyroAttrs)
            except errors.PyroError as problem:
                yield Listed(name, problem=f"not available: {problem}")


_Response = tuple[str, Iterable[tuple[str, str]], bytes]
pyro_app = GatewayApp()


class _Server(ThreadingMixIn, WSGIServer):
    """Serves each request in a thread of its own."""

    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = IDLE_S

    def log_message(self, format: str, *args: Any) -> None:
        super().log_message("%s", hide_key(format % args))


def main(args: list[str] | None = None) -> None:
    """Serve until interrupted.

    Args:
        args: The command line; None for that of the process.
    """
    options, _ = _parser().parse_args(args)
    if options.pyrokey or options.gatewaykey:
        warnings.warn(
            "a key on the command line can be seen by others: use PYRO_HMAC_KEY and PYRO_HTTPGATEWAY_KEY",
            stacklevel=2,
        )
    pyro_app.ns_regex = options.expose
    pyro_app.hmac_key = options.pyrokey or os.environ.get("PYRO_HMAC_KEY")
    pyro_app.gateway_key = options.gatewaykey or os.environ.get("PYRO_HTTPGATEWAY_KEY")
    pyro_app.comm_timeout = config.COMMTIMEOUT = options.timeout
    print("Exposing objects with names matching: ", pyro_app.ns_regex)
    try:
        print("Connected to name server at: ", get_nameserver(hmac=pyro_app.hmac_key)._pyroUri)
    except errors.PyroError:
        print("Not yet connected to a name server.")
    with make_server(options.host, options.port, pyro_app, _Server, _Handler) as server:
        host, port = server.server_address[:2]
        print(f"Pyro HTTP gateway running on http://{host!s}:{port}/pyro/", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


def _parser() -> OptionParser:
    parser = OptionParser()
    add = parser.add_option
    add("-H", "--host", default="localhost", help="host name to listen on (default=%default)")
    add("-p", "--port", type="int", default=8080, help="port to listen on (default=%default)")
    add(
        "-e",
        "--expose",
        default=pyro_app.ns_regex,
        help="regular expression: which objects can be called (default=%default)",
    )
    add("-k", "--pyrokey", help="the shared key of Pyro's servers (deprecated: use PYRO_HMAC_KEY)")
    add("-g", "--gatewaykey", help="the key that requests need (deprecated: use PYRO_HTTPGATEWAY_KEY)")
    add(
        "-t",
        "--timeout",
        type="float",
        default=pyro_app.comm_timeout,
        help="seconds that a call may take; 0 for any time (default=%default)",
    )
    return parser


def _plain(status: str, problem: object = "") -> _Response:
    text = f"{status}: {problem}" if problem else status
    return status, _TEXT, text.encode("utf-8", "replace")


if __name__ == "__main__":
    main()
