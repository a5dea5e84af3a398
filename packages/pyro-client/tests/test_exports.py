"""The public surface, and what importing it costs."""

import subprocess
import sys

import pytest

import pyro_client

HEAVY = ["asyncio", "ssl", "importlib.metadata", "logging", "socket", "random", "click", "pyro_serializers"]


def test_everything_public_is_there() -> None:
    for name in pyro_client.__all__:
        assert getattr(pyro_client, name) is not None
        assert name in dir(pyro_client)
    with pytest.raises(AttributeError, match="no attribute 'Telepathy'"):
        pyro_client.Telepathy  # noqa: B018


def test_importing_the_client_imports_nothing_heavy() -> None:
    script = f"import sys, pyro_client; print([name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
