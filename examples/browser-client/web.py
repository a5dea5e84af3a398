"""A web site: the files of the folder ``page``, and a gateway beneath ``/remote``.

Both come from the same origin, so the browser needs no permission to let the page call objects.

Usage: python web.py [PORT]
"""

import contextlib
import socket
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from pyro_http import Gateway, GatewaySettings

PAGE = Path(__file__).parent / "page"

gateway = Gateway(GatewaySettings(expose=(r"example\.rocket",)))
app = Starlette(
    routes=[Mount("/remote", app=gateway), Mount("/", app=StaticFiles(directory=PAGE, html=True))],
    lifespan=gateway.lifespan,
)


def main(port: int = 0) -> None:
    """Serve until Ctrl-C."""
    with socket.create_server(("127.0.0.1", port)) as listener, contextlib.suppress(KeyboardInterrupt):
        print(f"open http://127.0.0.1:{listener.getsockname()[1]}/ in a browser", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
