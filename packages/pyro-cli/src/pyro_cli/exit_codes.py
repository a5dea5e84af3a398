"""What the exit code of ``pyro-cli`` tells a script. Stable: numbers are added, never changed."""

from typing import Final

from pyro_core.errors import (
    CommunicationError,
    DaemonError,
    NameNotFound,
    NameOwned,
    NameServerNotFound,
    NameTaken,
    PluginError,
    ProtocolError,
    PyroError,
    RemoteError,
    SecurityError,
    SettingsError,
)
from pyro_core.remote_errors import remote_traceback_lines

OK: Final = 0
FAILED: Final = 1
"""Anything without a number of its own."""
USAGE: Final = 2
"""Wrong options, arguments or settings."""
NOT_FOUND: Final = 3
"""No such name, object or member."""
UNREACHABLE: Final = 4
"""No answer, a refused connection, a passed deadline, or no name server."""
REFUSED: Final = 5
"""Not allowed, or the name is taken or somebody else's."""
REMOTE: Final = 6
"""The called method raised an exception."""
PLUGIN: Final = 7
"""A plugin is unknown, in conflict, or broken."""
INTERRUPTED: Final = 130
"""Ctrl-C."""
OUTPUT_CLOSED: Final = 141
"""Whoever read the output went away, such as ``head``."""

_BY_ERROR: Final[tuple[tuple[tuple[type[PyroError], ...], int], ...]] = (
    ((SettingsError,), USAGE),
    ((NameServerNotFound, CommunicationError, ProtocolError), UNREACHABLE),
    ((NameTaken, NameOwned, SecurityError), REFUSED),
    ((NameNotFound, DaemonError), NOT_FOUND),
    ((PluginError,), PLUGIN),
    ((RemoteError,), REMOTE),
)


def code_for(error: BaseException) -> int:
    """The exit code for an error that ended a command."""
    for kinds, code in _BY_ERROR:
        if isinstance(error, kinds):
            return code
    if isinstance(error, PyroError):
        return FAILED
    if remote_traceback_lines(error):
        return REMOTE
    return NOT_FOUND if isinstance(error, AttributeError) else FAILED
