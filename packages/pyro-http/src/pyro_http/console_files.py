"""The files of the web console. They come with the package, and nothing else is loaded."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from starlette.responses import Response

from pyro_http.problems import Problem

INDEX: Final = "index.html"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class ConsoleFile(NamedTuple):
    """One file.

    Attributes:
        content: What is in it.
        media_type: What it is.
        tag: Changes with the content.
    """

    content: bytes
    media_type: str
    tag: str


@cache
def all_files() -> dict[str, ConsoleFile]:
    """The files by name."""
    found = {}
    for entry in files("pyro_http").joinpath("console").iterdir():
        media_type = _TYPES.get(f".{entry.name.rpartition('.')[2]}")
        if media_type is not None:
            content = entry.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:32]
            found[entry.name] = ConsoleFile(content, media_type, f'"{digest}"')
    return found


def response(name: str, known_tag: str = "") -> Response:
    """The answer that has a file.

    Args:
        name: Its name; empty for the page itself.
        known_tag: That of the content which the browser has.

    Raises:
        Problem: If there is none.
    """
    file = all_files().get(name or INDEX)
    if file is None:
        raise Problem("no-such-page", f"the console has no file {name!r:.100}")
    headers = {"ETag": file.tag, "Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
    if known_tag == file.tag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)
