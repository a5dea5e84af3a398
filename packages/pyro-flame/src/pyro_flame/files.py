"""Files on their way: in pieces, checked at the end, and put in place when they are complete."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from pyro_core.errors import SecurityError
from pyro_flame.policy import Folders, refused

PIECE_BYTES: Final = 1 << 18
Piece = int | bytes | str
"""The size in bytes comes first, then the contents, and the SHA-256 as text at last."""
OnProgress = Callable[[int, int], object]
"""Is told the bytes done and the bytes in all."""


def allowed_path(folders: Folders, path: str, setting: str) -> Path:
    """The file that a client means; relative paths begin in the first folder.

    Args:
        folders: Where files may be; True for anywhere.
        path: What the client said.
        setting: Name of the policy's setting, for the error.

    Raises:
        SecurityError: If it is, or leads by ``..`` or a link, outside of the folders.
        OSError: If there is something that is no file.
    """
    if isinstance(folders, bool):
        found = Path(path)
    else:
        roots = [Path(folder).resolve() for folder in folders]
        found = (roots[0] / path).resolve()
        if not any(found.is_relative_to(root) for root in roots):
            raise outside(path, setting)
    if found.exists() and not found.is_file():
        raise FileExistsError(f"expected a file, but there is something else: {path!r:.200}")
    return found


def outside(path: str, setting: str) -> SecurityError:
    """The error for a file that is in none of the folders."""
    return refused(f"{path!r:.200} is not in a folder of {setting}", f"its folder in Policy({setting}=[...])")


def pieces_of(file: BinaryIO, size: int) -> Iterator[Piece]:
    """A file as it travels.

    Args:
        file: Is read from where it stands to its end, and closed then.
        size: How many bytes that will be.
    """
    with file:
        digest = hashlib.sha256()
        yield size
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
            yield piece
        yield digest.hexdigest()


def contents(pieces: Iterable[Piece], on_progress: OnProgress | None = None) -> Iterator[bytes]:
    """The contents of a file that arrives.

    Args:
        pieces: As ``pieces_of`` makes them.
        on_progress: Is told how far it is.

    Raises:
        ValueError: If not everything arrived as it was sent.
    """
    digest = hashlib.sha256()
    size = done = 0
    sent = None
    for piece in pieces:
        if isinstance(piece, int):
            size = piece
        elif isinstance(piece, str):
            sent = piece
        else:
            digest.update(piece)
            done += len(piece)
            yield bytes(piece)
        if on_progress is not None and sent is None:
            on_progress(done, max(size, done))
    if sent != digest.hexdigest():
        raise ValueError(f"the file did not arrive as it was sent: SHA-256 is not {sent}; send it again")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file, which only its owner can read; it takes its place when it is complete, and never half.

    Args:
        path: Its place. What is there is replaced.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
