"""Exit codes tell a script what happened."""

import pytest

from pyro_cli import exit_codes
from pyro_core import errors


def remote(error: BaseException) -> BaseException:
    error._pyroTraceback = ["Traceback (most recent call last):\n"]  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.SettingsError("bad"), exit_codes.USAGE),
        (errors.NameServerNotFound(), exit_codes.UNREACHABLE),
        (errors.TimeoutError("late"), exit_codes.UNREACHABLE),
        (errors.ConnectionRejected("no"), exit_codes.UNREACHABLE),
        (errors.ProtocolError("what?"), exit_codes.UNREACHABLE),
        (errors.NameTaken("x"), exit_codes.REFUSED),
        (errors.NameOwned("x"), exit_codes.REFUSED),
        (errors.SecurityError("private"), exit_codes.REFUSED),
        (errors.NameNotFound("x"), exit_codes.NOT_FOUND),
        (errors.DaemonError("unknown object"), exit_codes.NOT_FOUND),
        (AttributeError("no such member"), exit_codes.NOT_FOUND),
        (errors.PluginError("broken"), exit_codes.PLUGIN),
        (errors.NamingError("other"), exit_codes.FAILED),
        (remote(ValueError("x")), exit_codes.REMOTE),
        (remote(errors.NameNotFound("x")), exit_codes.NOT_FOUND),
        (errors.RemoteError("shop.OutOfStock", "bike"), exit_codes.REMOTE),
    ],
)
def test_every_kind_of_error_has_its_code(error: BaseException, code: int) -> None:
    assert exit_codes.code_for(error) == code
