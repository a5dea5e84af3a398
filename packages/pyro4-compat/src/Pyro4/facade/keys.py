"""Keys that proxies and daemons of Pyro4 share, to sign their messages."""

from typing import TYPE_CHECKING

from Pyro4.configuration import config
from Pyro4.facade.wire_log import logged
from pyro_core.wire.codec import CODECS
from pyro_core.wire.sealed import sealed

if TYPE_CHECKING:
    from pyro_core.wire.codec import Codecs


def as_key(key: bytes | str | None) -> bytes | None:
    """A shared key as bytes; None for none.

    Raises:
        TypeError: If it is neither bytes nor text.
    """
    if not key:
        return None
    if isinstance(key, str):
        return key.encode("utf-8")
    if not isinstance(key, bytes):
        raise TypeError(f"a shared key must be bytes or text, not {type(key).__name__}")
    return key


def codecs_for(key: bytes | None) -> "Codecs":
    """What may be spoken with a shared key, or without: for ``codecs`` of a profile or a daemon's host."""
    codecs = CODECS if key is None else sealed(key)
    return logged(codecs) if config.LOGWIRE else codecs
