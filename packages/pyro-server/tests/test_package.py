import subprocess
import sys

import pyro_server


def test_what_is_public_is_there_and_documented() -> None:
    assert sorted(pyro_server.__all__) == [
        "AllowMethods",
        "Anonymous",
        "AsyncDaemon",
        "ClientCertificates",
        "Daemon",
        "HandshakeHook",
        "Principal",
        "Tokens",
        "UnixPeers",
        "behavior",
        "callback",
        "current_call",
        "expose",
        "idempotent",
        "oneway",
        "serve",
    ]
    for name in pyro_server.__all__:
        found = getattr(pyro_server, name)
        assert callable(found), name
        assert found.__doc__, name


def test_an_unknown_name_is_an_ordinary_error() -> None:
    assert not hasattr(pyro_server, "Deamon")


def test_importing_it_for_decorators_imports_little() -> None:
    """D11: and modules that share their name with a function do not hide it."""
    code = """
import sys
from pyro_server import expose, serve
heavy = {"socket", "logging", "asyncio", "pyro_serializers", "pyro_client", "importlib.metadata", "click"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
from pyro_server import Daemon, current_call
from pyro_server import expose, serve
assert callable(expose) and callable(serve)
with Daemon():
    assert not {"asyncio", "ssl", "hashlib"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
