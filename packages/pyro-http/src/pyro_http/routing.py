"""From the path of a request to what answers it. Names of objects may have any character, also ``%2F``."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote

ANY: Final = "*"
"""Stands for one part of a path."""

MAX_REMEMBERED_BYTES: Final = 300
"""Paths up to that length are remembered."""

Scope = Mapping[str, Any]


class Route(NamedTuple):
    """A kind of path.

    Attributes:
        label: What it is called in figures, and the name of its endpoint.
        parts: Its parts; ``ANY`` for those that are handed on.
        methods: The HTTP methods that it takes; empty for WebSockets.
        is_open: Whether no token is needed.
    """

    label: str
    parts: tuple[str, ...]
    methods: tuple[str, ...]
    is_open: bool = False


ROUTES: Final = (
    Route("call", ("objects", ANY, "methods", ANY), ("POST",)),
    Route("classic_call", ("pyro", ANY, ANY), ("GET", "POST")),
    Route("attribute", ("objects", ANY, "attributes", ANY), ("GET", "PUT")),
    Route("stream", ("objects", ANY, "streams", ANY), ()),
    Route("objects", ("objects",), ("GET",)),
    Route("describe", ("objects", ANY), ("GET",)),
    Route("ping", ("objects", ANY, "ping"), ("GET",)),
    Route("events", ("names", "events"), ("GET",)),
    Route("openapi", ("openapi.json",), ("GET",)),
    Route("metrics", ("metrics",), ("GET",)),
    Route("livez", ("livez",), ("GET",), is_open=True),
    Route("readyz", ("readyz",), ("GET",), is_open=True),
    Route("problem", ("problems", ANY), ("GET",), is_open=True),
    Route("classic_list", ("pyro", ""), ("GET",)),
    Route("to_classic_list", ("pyro",), ("GET",), is_open=True),
    Route("console", ("console", ANY), ("GET",), is_open=True),
    Route("to_console", ("console",), ("GET",), is_open=True),
    Route("root", ("",), ("GET",), is_open=True),
)


def route_of(scope: Scope) -> tuple[Route, list[str]] | None:
    """The route of a request, and the parts of its path to hand on; None if there is none."""
    raw = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    root = scope.get("root_path", "")
    look = _remembered if len(raw) <= MAX_REMEMBERED_BYTES else find
    return look(raw, root, scope["type"] == "websocket")


def find(raw: bytes, root: str, is_socket: bool) -> tuple[Route, list[str]] | None:
    """The route of a path.

    Args:
        raw: The path, with its escapes.
        root: Where the gateway is mounted.
        is_socket: Whether it is one of a WebSocket.
    """
    parts = parts_of(raw, root)
    for route in ROUTES:
        if len(route.parts) == len(parts) and bool(route.methods) is not is_socket:
            pairs = list(zip(route.parts, parts, strict=True))
            if all(wanted in (ANY, part) for wanted, part in pairs):
                return route, [part for wanted, part in pairs if wanted == ANY]
    return None


_remembered: Final = lru_cache(maxsize=4096)(find)


def parts_of(raw: bytes, root: str) -> list[str]:
    """The parts of a path below the place where the gateway is mounted, with escapes undone."""
    path = raw.decode("latin-1")
    root = quote(root).rstrip("/")
    if root and path.startswith(f"{root}/"):
        path = path[len(root) :]
    elif path == root:
        path = "/"
    return [unquote(part) for part in path[1:].partition("?")[0].split("/")]
