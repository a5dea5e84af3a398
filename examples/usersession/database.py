"""What the server keeps. It asks the call for whom it works, so that nobody has to tell it."""

from pyro_server import current_call

_drawers: dict[str, dict[str, str]] = {}


def write(key: str, text: str) -> None:
    """Put a text into the drawer of the user whose call is being served."""
    _drawers.setdefault(current_call().principal.name, {})[key] = text


def read(key: str) -> str:
    """Get it out again.

    Raises:
        KeyError: If this user has put nothing there.
    """
    return _drawers.get(current_call().principal.name, {})[key]
