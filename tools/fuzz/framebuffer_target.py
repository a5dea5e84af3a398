"""Fuzz target: the incremental parser of ``pyro_core.framebuffer``.

Invariant: any bytes, whole or one at a time, give the same messages within the limit, and then nothing or one
kind of ProtocolError.

    python tools/fuzz/framebuffer_target.py FILE_OR_FOLDER ...    check these (default: the corpus)
    python tools/fuzz/framebuffer_target.py - < FILE              check standard input
    python tools/fuzz/framebuffer_target.py --fuzz [OPTIONS] ...  look for new ones with atheris
"""

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from fuzz import coverage
from pyro_core.errors import ProtocolError
from pyro_core.framebuffer import FrameBuffer
from pyro_core.wire.compression import inflated
from pyro_core.wire.message import Message

CORPUS = Path(__file__).parent / "corpus" / "framebuffer"
MAX_MESSAGE_BYTES = 4_096


def parse(pieces: list[bytes], version: int | None) -> tuple[list[Message], str]:
    """Messages in the pieces, and the type of the error that ended them."""
    buffer = FrameBuffer(version=version, max_message_bytes=MAX_MESSAGE_BYTES)
    messages = []
    try:
        for piece in pieces:
            buffer.feed(piece)
            while (message := buffer.next()) is not None:
                messages.append(message)
            if buffer.pending > MAX_MESSAGE_BYTES + 40:
                raise AssertionError(f"{buffer.pending} bytes are kept and no message is made of them")
    except ProtocolError as error:
        return messages, type(error).__name__
    return messages, ""


def check(data: bytes) -> None:
    """Raises AssertionError if the invariant does not hold for these bytes."""
    single = [data[position : position + 1] for position in range(len(data))]
    for version in (None, 48, 502):
        at_once = parse([data], version)
        if at_once != parse(single, version):
            raise AssertionError(f"whole and byte by byte differ for version {version}: {data!r}")
        for message in at_once[0]:
            if len(message.payload) + sum(map(len, message.annotations.values())) > MAX_MESSAGE_BYTES:
                raise AssertionError(f"message above the limit: {message}")
            try:
                size = len(inflated(message, MAX_MESSAGE_BYTES).payload)
            except ProtocolError:
                continue
            if size > MAX_MESSAGE_BYTES:
                raise AssertionError(f"payload above the limit after inflating: {size} bytes")


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments ask for; gives the exit code."""
    return coverage.main(arguments, check, [str(CORPUS)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
