"""An entry as text, for engines and tables that keep it as one value."""

import json
from typing import Any

from pyro_core.errors import NamingError
from pyro_nameserver.storage.base import Entry


def to_json(entry: Entry, **more: str) -> str:
    """An entry as JSON, without what goes without saying; with ``more`` fields."""
    fields: dict[str, Any] = {"uri": entry.uri}
    if entry.tags:
        fields["tags"] = sorted(entry.tags)
    if entry.ttl_s is not None:
        fields.update(ttl_s=entry.ttl_s, owner=entry.owner)
    return json.dumps(fields | more)


def from_json(text: str | bytes) -> Entry:
    """The entry that ``to_json`` made a text of.

    Raises:
        NamingError: If it is something else.
    """
    try:
        fields = json.loads(text)
        return Entry(
            fields["uri"], frozenset(fields.get("tags", ())), fields.get("ttl_s"), fields.get("owner", "")
        )
    except (ValueError, TypeError, KeyError) as problem:
        raise NamingError(
            f"the name storage holds {text!r:.200} where an entry of a name server was expected; "
            "something else uses it too: give the name server a place of its own"
        ) from problem
