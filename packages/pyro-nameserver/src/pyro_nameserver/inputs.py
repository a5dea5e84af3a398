"""What remote callers may hand in: types, sizes, and texts that every storage can keep."""

import hashlib
from collections.abc import Iterable
from typing import Final

from pyro_core.errors import NamingError
from pyro_core.names import NAMESERVER_ID
from pyro_core.uri import URI
from pyro_nameserver.storage.base import NO_TAGS

MAX_NAME_CHARS: Final = 1_000
"""Longest name."""
MAX_URI_CHARS: Final = 2_000
"""Longest address."""
MAX_TAGS: Final = 1_000
"""Most tags of one name, or of one query."""
MAX_TAG_CHARS: Final = 1_000
"""Longest tag."""
MAX_OWNER_CHARS: Final = 200
"""Longest token of an owner."""
MIN_TTL_S: Final = 2.0
"""Shortest lease: less than engines can tell apart, and renewing would be most of the traffic."""
MAX_TTL_S: Final = 7 * 24 * 3600.0
"""Longest lease: what shall stay longer is permanent."""
MAX_RENEWED: Final = 1_000
"""Names that one call may renew."""


def checked_text(what: str, value: object) -> str:
    """The same text.

    Raises:
        TypeError: If it is none.
    """
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, got {type(value).__name__}")
    return value


def checked_name(name: object) -> str:
    """A name that may be registered.

    Raises:
        TypeError: If it is no text.
        ValueError: If it is empty, too long, or cannot be stored.
        NamingError: If it is the name server's own.
    """
    text = checked_text("name", name)
    if not text:
        raise ValueError("name must not be empty")
    _check_size("name", text, MAX_NAME_CHARS)
    if text == NAMESERVER_ID:
        raise NamingError(f"{text!r} is reserved for the name server itself; register under another name")
    return text


def checked_uri(uri: object) -> str:
    """The canonical text of an address.

    Raises:
        TypeError: If it is neither text nor a URI.
        PyroError: If it is no address.
        ValueError: If it is too long, or cannot be stored.
    """
    if not isinstance(uri, URI | str):
        raise TypeError(f"only URIs or strings can be registered, got {type(uri).__name__}")
    text = str(URI(uri))
    _check_size("uri", text, MAX_URI_CHARS)
    return text


def checked_tags(what: str, tags: object) -> frozenset[str]:
    """Tags, each once; none for None.

    Args:
        what: How the caller knows them, for the error.
        tags: Any iterable of text but a text.

    Raises:
        TypeError: If they are something else.
        ValueError: If they are too many, or one is too long or cannot be stored.
    """
    if tags is None:
        return NO_TAGS
    if isinstance(tags, str) or not isinstance(tags, Iterable):
        kind = type(tags).__name__
        raise TypeError(f"{what} should not be a {kind}, but another iterable (set, list, etc)")
    checked = list(tags)
    if len(checked) > MAX_TAGS:
        raise ValueError(f"{what} has {len(checked)} tags, at most {MAX_TAGS} are allowed")
    for tag in checked:
        if not isinstance(tag, str):
            raise TypeError(f"{what} must consist of str, got {tag!r:.80} of type {type(tag).__name__}")
        _check_size("tag", tag, MAX_TAG_CHARS)
    return frozenset(checked)


def checked_ttl(ttl: object) -> float | None:
    """How long a lease is to last, in seconds; None for none.

    Raises:
        TypeError: If it is no number.
        ValueError: If it is too short or too long.
    """
    if ttl is None:
        return None
    if isinstance(ttl, bool) or not isinstance(ttl, int | float):
        raise TypeError(
            f"ttl must be a number of seconds, or None, got {ttl!r:.80} of type {type(ttl).__name__}"
        )
    if not MIN_TTL_S <= ttl <= MAX_TTL_S:
        raise ValueError(f"ttl must be {MIN_TTL_S:g} to {MAX_TTL_S:g} seconds, got {ttl!r}")
    return float(ttl)


def checked_owner(owner: object) -> str | None:
    """What stands for an owner from here on: a digest of the token, which itself is kept nowhere.

    Raises:
        TypeError: If it is no text.
        ValueError: If it is empty or too long.
    """
    if owner is None:
        return None
    text = checked_text("owner", owner)
    if not text:
        raise ValueError("owner must not be empty; leave it out to get a token that nobody else has")
    _check_size("owner", text, MAX_OWNER_CHARS)
    return hashlib.sha256(b"pyro name owner " + text.encode()).hexdigest()


def checked_names(names: object) -> frozenset[str]:
    """One name, or several.

    Raises:
        TypeError: If they are something else.
        ValueError: If they are too many.
    """
    if isinstance(names, str):
        return frozenset([names])
    if not isinstance(names, Iterable):
        raise TypeError(f"names must be a str or several of them, got {type(names).__name__}")
    checked = frozenset(checked_text("name", name) for name in names)
    if len(checked) > MAX_RENEWED:
        raise ValueError(
            f"{len(checked)} names, at most {MAX_RENEWED} are allowed in one call; use several calls"
        )
    return checked


def checked_revision(revision: object) -> int | None:
    """A revision, or None.

    Raises:
        TypeError: If it is something else.
    """
    if revision is not None and (isinstance(revision, bool) or not isinstance(revision, int)):
        raise TypeError(f"from_revision must be an int, or None, got {type(revision).__name__}")
    return revision


def _check_size(what: str, text: str, max_chars: int) -> None:
    if len(text) > max_chars:
        raise ValueError(f"{what} has {len(text)} characters, at most {max_chars} are allowed: {text!r:.80}")
    try:
        text.encode()
    except UnicodeEncodeError as problem:
        raise ValueError(f"{what} {text!r:.80} holds half a character (a surrogate)") from problem


def check_one_filter(*filters: object) -> None:
    """Refuse a query that has more than one filter; an empty one counts as none.

    Raises:
        ValueError: If there are more.
    """
    if sum(map(bool, filters)) > 1:
        raise ValueError("you can only filter on one thing at a time")
