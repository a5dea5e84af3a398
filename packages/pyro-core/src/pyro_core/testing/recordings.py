"""Messages that were recorded between stock peers, for tests to hold our own against."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Recording:
    """Bytes that one side sent at one time: usually one message.

    Attributes:
        name: Scenario and place in it, such as ``"serpent/ping/1-request"``.
        data: The bytes.
        meaning: What they are, and what the other side made of them.
        outcome: What the server did; empty if that is not recorded.
        header: Fields of the header as another program read them; empty if it did not.
    """

    name: str
    data: bytes
    meaning: str
    outcome: str
    header: Mapping[str, Any]


def read_recordings(path: Path) -> dict[str, Recording]:
    """All messages in a file; what is about other things, such as datagrams, is left out.

    Args:
        path: A JSON object, name -> ``hex``, ``meaning`` and perhaps ``outcome`` and ``parsed``.
    """
    with path.open(encoding="utf-8") as file:
        entries = json.load(file)
    return {
        name: Recording(
            name,
            bytes.fromhex(entry["hex"]),
            entry["meaning"],
            entry.get("outcome") or "",
            entry.get("parsed") or {},
        )
        for name, entry in entries.items()
        if not name.startswith(("_", "udp/"))
    }
