"""The flame server as a program: gives its clients everything that its process can do."""

import os
import warnings
from optparse import OptionParser
from typing import Any

from Pyro4 import core
from Pyro4.configuration import config
from Pyro4.utils import flame

__all__ = ["main"]


def _parser() -> OptionParser:
    parser = OptionParser()
    parser.add_option("-H", "--host", default="localhost", help="host name to listen on (default=%default)")
    parser.add_option("-p", "--port", type="int", default=0, help="port to listen on")
    parser.add_option("-u", "--unixsocket", help="Unix socket to listen on instead")
    parser.add_option("-q", "--quiet", action="store_true", default=False, help="print nothing")
    parser.add_option("-k", "--key", help="the shared key (deprecated: use PYRO_HMAC_KEY)")
    return parser


def main(args: list[str] | None = None, returnWithoutLooping: bool = False) -> Any:
    """Serve until interrupted.

    Args:
        args: The command line; None for that of the process.
        returnWithoutLooping: Give daemon and address instead of serving.

    Raises:
        SecurityError: Unless ``config.FLAME_ENABLED`` is on.
    """
    options, _ = _parser().parse_args(args)
    say = (lambda *_: None) if options.quiet else print
    if options.key:
        warnings.warn("a key on the command line can be seen by others: use PYRO_HMAC_KEY", stacklevel=2)
    key = options.key or os.environ.get("PYRO_HMAC_KEY")
    say("Starting Pyro Flame server.")
    if not key:
        say("Warning: HMAC key not set. Anyone can connect to this server!")
    config.SERIALIZERS_ACCEPTED = {"pickle"}
    daemon = core.Daemon(host=options.host, port=options.port, unixsocket=options.unixsocket)
    try:
        if key:
            daemon._pyroHmacKey = key
        uri = flame.start(daemon)
        say(f"server uri: {uri}")
        say("server is running.")
        if returnWithoutLooping:
            return daemon, uri
        daemon.requestLoop()
    except BaseException:
        daemon.close()
        raise
    daemon.close()
    return None


if __name__ == "__main__":
    main()
