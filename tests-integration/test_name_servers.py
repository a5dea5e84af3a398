"""Name servers of all three generations are interchangeable, for clients of all three."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import processes
import pytest
import storage_engines
from stock_env import stock_python

from pyro_client import Proxy, locate_ns, resolve
from pyro_core.errors import NameNotFound, NamingError
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI

TARGET = "PYRO:obj@localhost:4444"
SERIALIZERS = ["serpent", "json", "marshal", "msgpack"]


@pytest.fixture(scope="module", params=["memory", "sqlite", "etcd", "postgres"])
def our_ns(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[URI]:
    folder = tmp_path_factory.mktemp("names")
    with ExitStack() as stack:
        storage = request.param
        if storage == "sqlite":
            storage = f"sqlite:{folder}/names.sqlite"
        elif storage == "etcd":
            storage = f"etcd:{stack.enter_context(storage_engines.running_etcd(folder)).location}"
        elif storage == "postgres":
            storage = f"postgres:{stack.enter_context(storage_engines.running_postgres(folder)).location}"
        yield URI(stack.enter_context(processes.server("our_name_server.py", storage)))


@pytest.fixture(scope="module", params=["4", "5", "ours"])
def any_ns(request: pytest.FixtureRequest) -> Iterator[URI]:
    if request.param == "ours":
        with processes.server("our_name_server.py", "memory") as uri:
            yield URI(uri)
    else:
        with processes.server("stock_name_server.py", request.param, python=stock_python()) as uri:
            yield URI(uri)


@pytest.mark.parametrize("serializer", SERIALIZERS)
@pytest.mark.parametrize("generation", ["4", "5"])
def test_stock_clients_use_our_name_server(our_ns: URI, generation: str, serializer: str) -> None:
    found = processes.outcomes(
        stock_python(), "stock_ns_client.py", generation, str(our_ns.host), str(our_ns.port), serializer
    )
    both = {"interop.a": [TARGET, ["red", "round"]], "interop.b": [TARGET, ["blue", "round"]]}
    tagged = {name: [uri, sorted(tags)] for name, (uri, tags) in found.pop("tags_any").items()}
    assert tagged == both
    tagged = {name: [uri, sorted(tags)] for name, (uri, tags) in found.pop("tags_all").items()}
    assert tagged == {"interop.b": both["interop.b"]}
    if serializer != "marshal":
        assert found.pop("lookup_metadata") == [TARGET, ["x"]]
    assert found == {
        "ping": None,
        "register": None,
        "register_b": None,
        "register_safe": "NamingError: name already registered: interop.a",
        "lookup": TARGET,
        "lookup_unknown": found["lookup_unknown"],
        "list_prefix": {"interop.a": TARGET, "interop.b": TARGET},
        "list_regex": {"interop.b": TARGET},
        "set_metadata": None,
        "resolve_name": TARGET,
        "resolve_tags": TARGET,
        "count": True,
        "remove": 1,
        "remove_prefix": 1,
        "remove_missing": 0,
        "remove_itself": 0,
    }
    assert found["lookup_unknown"].startswith("NamingError: unknown name: interop.nothing")


@pytest.mark.parametrize(("module", "generation"), [("Pyro4.nsc", "4"), ("Pyro5.nsc", "5")])
def test_the_stock_name_server_tool_works_with_ours(our_ns: URI, module: str, generation: str) -> None:
    def tool(*arguments: str) -> str:
        address = ["-n", str(our_ns.host), "-p", str(our_ns.port)]
        return processes.run([stock_python(), "-m", module, *address, *arguments]).stdout

    assert "ping ok" in tool("ping").lower()
    name = f"tool.{generation}"
    tool("register", name, TARGET)
    tool("setmeta", name, "green")
    assert f"{name} --> {TARGET}" in tool("list", "tool.")
    assert TARGET in tool("lookup", name)
    assert name in tool("listmeta_any" if generation == "4" else "yplookup_any", "green")
    tool("remove", name)
    assert name not in tool("list")


@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_our_client_uses_any_name_server(any_ns: URI, serializer: str) -> None:
    settings = ClientSettings(serializer=serializer, ns_host=str(any_ns.host), ns_port=any_ns.port or 0)
    with locate_ns(settings=settings) as ns:
        ns.ping()
        ns.register("ours.a", TARGET, metadata=["red", "round"])
        ns.register("ours.b", TARGET, safe=True)
        with pytest.raises(NamingError, match="already registered"):
            ns.register("ours.a", TARGET, safe=True)
        assert ns.lookup("ours.a") == URI(TARGET)
        assert ns.list(prefix="ours.") == {"ours.a": TARGET, "ours.b": TARGET}
        assert ns.list(regex=r".+\.b") == {"ours.b": TARGET}
        assert resolve("PYRONAME:ours.a", settings=settings) == URI(TARGET)
        assert resolve(f"PYRONAME:ours.a@{any_ns.host}:{any_ns.port}") == URI(TARGET)
        assert resolve("PYROMETA:red,round", settings=settings) == URI(TARGET)
        with pytest.raises(NamingError, match=r"unknown name: ours\.c"):
            resolve("PYRONAME:ours.c", settings=settings)
        assert ns.remove(prefix="ours.") == 2


def test_a_misspelt_name_is_answered_with_the_right_one(our_ns: URI) -> None:
    with locate_ns(our_ns.host, our_ns.port) as ns:
        ns.register("example.warehouse", TARGET)
        with pytest.raises(NameNotFound, match=r"did you mean 'example\.warehouse'") as caught:
            ns.lookup("example.wharehouse")
        assert caught.value.near == ("example.warehouse",)
        ns.remove("example.warehouse")


def test_a_name_server_on_a_unix_socket_resolves_names(tmp_path: Path) -> None:
    """E7."""
    from pyro_nameserver import start_ns

    socket = tmp_path / "ns.sock"
    with start_ns(unixsocket=str(socket)) as nameserver, locate_ns(f"./u:{socket}") as ns:
        assert nameserver.uri.sockname == str(socket)
        ns.register("here", TARGET)
        assert resolve(f"PYRONAME:here@./u:{socket}") == URI(TARGET)
        with Proxy(f"PYRONAME:Pyro.NameServer@./u:{socket}") as by_name:
            by_name.ping()


@pytest.mark.parametrize("generation", ["4", "5"])
def test_stock_clients_may_lease_and_watch(generation: str) -> None:
    with processes.server("our_name_server.py", "memory") as uri:
        seen = processes.run([stock_python(), processes.PEERS / "stock_watcher.py", generation, uri]).stdout
    assert json.loads(seen) == [["reset", ""], ["current", ""], ["added", "watched"], ["removed", "watched"]]
