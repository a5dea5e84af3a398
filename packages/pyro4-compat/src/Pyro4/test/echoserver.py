"""An object to try things on: it answers with what it is told. Also as a command."""

import sys
import time
import warnings
from collections.abc import Callable, Sequence
from optparse import OptionParser
from typing import Any

from Pyro4 import naming
from Pyro4.configuration import config
from Pyro4.errors import PyroError
from Pyro4.facade.daemon import Daemon
from Pyro4.facade.uri import URI
from pyro_core.expose import EXPOSED_MARK, behavior, expose
from pyro_server import echo

__all__ = ["EchoServer", "main"]


@expose
@behavior(instance_mode="single")
class EchoServer(echo.EchoServer):
    """Answers with what it is told, fails on demand, takes its time, and streams."""

    _must_shutdown = False

    def __init__(self) -> None:
        super().__init__(self._note_shutdown)

    def error(self) -> None:
        """Raise an exception."""
        self._say("error")
        raise ValueError("expected error from echoserver error() method")

    def __dunder__(self) -> str:
        """Show that such names can be exposed."""
        return "should be allowed (dunder)"

    def _note_shutdown(self) -> None:
        self._must_shutdown = True

    def _say(self, method: str, *messages: Any) -> None:
        if self._verbose:
            print(f"{time.asctime()} - {': '.join([method, *map(repr, messages)])}", flush=True)


setattr(EchoServer, EXPOSED_MARK, True)


def main(args: Sequence[str] | None = None, returnWithoutLooping: bool = False) -> Any:
    """Serve an echo object, as the command line says.

    Args:
        args: Options; None takes those of the command line.
        returnWithoutLooping: Do not serve it, but give daemon, object and address to the caller, who will.
    """
    parser = OptionParser()
    parser.add_option(
        "-H", "--host", default="localhost", help="hostname to bind server on (default=%default)"
    )
    parser.add_option("-p", "--port", type="int", default=0, help="port to bind server on")
    parser.add_option("-u", "--unixsocket", help="Unix domain socket name to bind server on")
    parser.add_option("-n", "--naming", action="store_true", default=False, help="register with nameserver")
    parser.add_option(
        "-N", "--nameserver", action="store_true", default=False, help="also start a nameserver"
    )
    parser.add_option("-v", "--verbose", action="store_true", default=False, help="verbose output")
    parser.add_option("-q", "--quiet", action="store_true", default=False, help="don't output anything")
    parser.add_option("-k", "--key", help="the HMAC key to use (deprecated)")
    options, _ = parser.parse_args(None if args is None else list(args))
    if options.key:
        warnings.warn("using -k to supply HMAC keys is a security problem", DeprecationWarning, stacklevel=2)
    config.SERVERTYPE = "multiplex"
    try:
        daemon, served, uri = _set_up(options)
    except PyroError as problem:
        sys.exit(f"Error: {problem}")
    if returnWithoutLooping:
        return daemon, served, uri
    with daemon:
        daemon.requestLoop(lambda: not served._must_shutdown)
    return None


def _set_up(options: Any) -> tuple["_EchoDaemon", EchoServer, URI]:
    """The object, its daemon and its address."""
    say = _say_nothing if options.quiet else print
    say("Starting Pyro's built-in test echo server.")
    if not options.key:
        say("Warning: HMAC key not set. Anyone can connect to this server!")
    daemon = _EchoDaemon(options.host, options.port, options.unixsocket)
    daemon._pyroHmacKey = options.key
    served = EchoServer()
    served.verbose = options.verbose and not options.quiet
    uri = daemon.register(served, echo.ECHO_ID)
    tell = say if options.verbose else _say_nothing
    try:
        if options.nameserver:
            daemon.add_name_server(options, uri, tell)
        elif options.naming:
            with naming.locateNS(hmac_key=options.key) as name_server:
                name_server.register(echo.ECHO_ID, uri)
                tell(f"using name server at {name_server._pyroUri}")
        else:
            tell("not using a name server.")
    except BaseException:
        daemon.close()
        raise
    say(f"object name: {echo.ECHO_ID}")
    say(f"echo uri: {uri}")
    say("echoserver running.")
    return daemon, served, uri


class _EchoDaemon(Daemon):
    """A daemon, perhaps with a name server that runs in its loop and is closed with it."""

    _beside: tuple[Any, ...] = ()

    def add_name_server(self, options: Any, uri: URI, tell: Callable[[str], None]) -> None:
        """Run a name server that knows the object."""
        ns_uri, ns_daemon, responder = naming.startNS(options.host, hmac=options.key)
        self._beside = (ns_daemon,) if responder is None else (ns_daemon, responder)
        assert ns_daemon.nameserver is not None
        ns_daemon.nameserver.register(echo.ECHO_ID, uri)
        for part in self._beside:
            self.combine(part)
        tell(f"using name server at {ns_uri}")
        tell(
            "not using a broadcast server"
            if responder is None
            else f"broadcast server running at {responder.locationStr}"
        )

    def close(self) -> None:
        super().close()
        for part in self._beside:
            part.close()


def _say_nothing(_: str) -> None:
    pass


if __name__ == "__main__":
    main()
