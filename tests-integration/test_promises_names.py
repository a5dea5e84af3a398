"""What the name server answers can be relied on: shown with ``pyro-cli ns serve``, in its own process.

The numbers are those of ``docs/reference/promises.md``.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import processes
import pytest

from pyro_client import Proxy, locate_ns, resolve
from pyro_core.errors import NamingError
from pyro_core.uri import URI

TARGET = "PYRO:obj@localhost:4444"
OTHER = "PYRO:other@localhost:4444"
SERVER = "Pyro.NameServer"


@contextmanager
def name_server(*options: str) -> Iterator[tuple[URI, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "pyro_cli", "ns", "serve", "--port", "0", "--nobc", *options]
    with processes.running(command) as process:
        line = processes.wait_for(process, f"PYRO:{SERVER}@")
        yield URI(line[line.index("PYRO:") :]), process


@contextmanager
def names(uri: URI) -> Iterator[Proxy]:
    with locate_ns(uri.host, uri.port) as ns:
        yield ns


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def serving(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[URI]:
    file = tmp_path_factory.mktemp("names") / "names.sqlite"
    with name_server("--storage", "memory" if request.param == "memory" else f"sqlite:{file}") as (uri, _):
        yield uri


def test_e2_a_search_by_prefix_is_exact(serving: URI) -> None:
    with names(serving) as ns:
        for name in ("shop_a", "shop%a", "shopXa", "Shop_a", "shop.a"):
            ns.register(name, TARGET)
        assert set(ns.list(prefix="shop_")) == {"shop_a"}
        assert set(ns.list(prefix="shop%")) == {"shop%a"}
        assert set(ns.list(prefix="S")) == {"Shop_a"}
        assert ns.remove(prefix="shop_") == 1
        assert ns.remove(prefix="shop") == 3
        assert ns.remove(prefix="Shop") == 1


def test_e3_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    storage = ("--storage", f"sqlite:{tmp_path / 'names.sqlite'}")
    wanted = {f"shop.{number}" for number in range(50)}
    with name_server(*storage) as (uri, process), names(uri) as ns:
        for name in sorted(wanted):
            ns.register(name, TARGET, metadata=["kept"])
        process.kill()
        process.wait()
    with name_server(*storage) as (uri, _), names(uri) as ns:
        assert set(ns.list(prefix="shop.")) == wanted
        assert set(ns.yplookup(meta_all=["kept"])) == wanted


def test_e7_a_name_server_on_a_unix_socket_resolves_names(tmp_path: Path) -> None:
    socket = tmp_path / "ns.sock"
    with name_server("--unixsocket", str(socket)) as (uri, _):
        assert uri.sockname == str(socket)
        with locate_ns(f"./u:{socket}") as ns:
            ns.register("shop", str(uri))
        assert resolve(f"PYRONAME:shop@./u:{socket}") == uri
        with Proxy(f"PYRONAME:shop@./u:{socket}") as by_name:
            assert by_name.lookup("shop") == uri


def test_e10_nobody_can_replace_or_remove_the_name_server_itself(serving: URI) -> None:
    with names(serving) as ns:
        for attempt in (
            lambda: ns.register(SERVER, OTHER),
            lambda: ns.register(SERVER, OTHER, safe=True),
            lambda: ns.set_metadata(SERVER, ["mine"]),
        ):
            with pytest.raises(NamingError):
                attempt()
        assert ns.remove(SERVER) == ns.remove(prefix="Pyro") == ns.remove(regex=".") == 0
        assert ns.lookup(SERVER) == serving
        assert "mine" not in ns.lookup(SERVER, return_metadata=True)[1]
