"""The client: modules, functions, files and a console of another process."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, Self, overload

from pyro_client.proxy import Proxy
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI
from pyro_flame.files import OnProgress, Piece, contents, pieces_of, replacing
from pyro_flame.remote import Link, RemoteFunction, RemoteModule
from pyro_flame.remote_console import RemoteConsole

_FLAME_ID: Final = "Pyro.Flame"


class RemoteFlame:
    """Access to another process.

    Values travel. What cannot travel stays there, and is used through a ``RemoteObject``.

    Args:
        proxy: Proxy of its flame object.
    """

    def __init__(self, proxy: Proxy) -> None:
        self._proxy: Any = proxy
        self._link = Link(proxy)

    def module(self, name: str) -> RemoteModule:
        """A module of the other process; its functions can be called, its values read.

        Args:
            name: Its full name.

        Raises:
            SecurityError: If nothing of it may be used.
            ImportError: If there is no such module.
        """
        module = RemoteModule(self._link, name)
        module._known()
        return module

    def builtin(self, name: str) -> RemoteFunction:
        """A builtin function of the other process."""
        return RemoteFunction(self._link, "builtins", name)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the other process."""
        return self._link.ask("evaluate", expression)

    def execute(self, source: str) -> None:
        """Execute statements in the other process."""
        self._proxy.execute(source)

    def sendmodule(self, name: str, source: str) -> None:
        """Let the other process have a module.

        Args:
            name: Its full name.
            source: Its source.
        """
        self._proxy.sendmodule(name, source)

    def getmodule(self, name: str) -> str:
        """The source of a module of the other process."""
        source: str = self._proxy.getmodule(name)
        return source

    def sendfile(
        self, path: str, data: "bytes | Path | BinaryIO", *, on_progress: OnProgress | None = None
    ) -> int:
        """Write a file at the other process, readable by its owner only. It is there when it is complete.

        Args:
            path: Where.
            data: The contents, or where they are here; an open file is read to its end, and closed.
            on_progress: Called with the bytes done and the bytes in all.

        Returns:
            How many bytes.
        """
        if isinstance(data, Path):
            data = data.open("rb")
        file = io.BytesIO(data) if isinstance(data, bytes | bytearray | memoryview) else data
        begin = file.tell()
        size = file.seek(0, io.SEEK_END) - file.seek(begin)
        pieces = pieces_of(file, size)
        written: int = self._proxy.sendfile(path, _told(pieces, on_progress) if on_progress else pieces)
        return written

    @overload
    def getfile(self, path: str, to: None = None, *, on_progress: OnProgress | None = None) -> bytes: ...
    @overload
    def getfile(self, path: str, to: Path, *, on_progress: OnProgress | None = None) -> int: ...
    def getfile(
        self, path: str, to: Path | None = None, *, on_progress: OnProgress | None = None
    ) -> bytes | int:
        """A file at the other process.

        Args:
            path: Which.
            to: Write it there, readable by you only, instead of giving the contents.
            on_progress: Called with the bytes done and the bytes in all.

        Returns:
            The contents, or how many bytes were written.

        Raises:
            ValueError: If not everything arrived as it was sent.
        """
        arriving = contents(self._proxy.getfile(path), on_progress)
        if to is None:
            return b"".join(arriving)
        with replacing(to) as file:
            return sum(map(file.write, arriving))

    def console(self) -> RemoteConsole:
        """A new interactive console in the other process."""
        return RemoteConsole(self._proxy.console())

    def close(self) -> None:
        """Close the connection. The next use makes a new one."""
        self._proxy._pyro.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__} at {self._link.place}>"


def connect(location: "str | URI", settings: ClientSettings | None = None) -> RemoteFlame:
    """Access to the process at an address, which must have switched it on.

    Args:
        location: ``"host:port"``, ``"./u:path"`` of a Unix socket, or the whole address of its flame object.
        settings: How to behave; None reads the environment.

    Raises:
        PyroError: If the address cannot be understood.
    """
    if isinstance(location, str) and not location.upper().startswith("PYRO"):
        location = f"PYRO:{_FLAME_ID}@{location}"
    return RemoteFlame(Proxy(location, settings=settings))


def _told(pieces: Iterator[Piece], on_progress: OnProgress) -> Iterator[Piece]:
    """The same pieces; somebody is told of those that are on their way."""
    size = done = 0
    for piece in pieces:
        yield piece
        if isinstance(piece, int):
            size = piece
        elif isinstance(piece, bytes):
            done += len(piece)
            on_progress(done, max(size, done))
