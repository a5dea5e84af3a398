"""The ``ns`` commands, against a name server on loopback."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("click", reason="the commands are for those who installed the extra 'cli'")

from click.testing import CliRunner

from pyro_core.errors import NameNotFound, NameServerNotFound, NameTaken, NamingError, PyroError
from pyro_core.settings import NameServerSettings
from pyro_nameserver import NameServer, start_ns
from pyro_nameserver.commands import ns

HERE = "PYRO:obj@localhost:4444"
Run = Callable[..., str]


@pytest.fixture
def nameserver() -> Iterator[NameServer]:
    with start_ns(settings=NameServerSettings(host="127.0.0.1", port=0)) as nameserver:
        yield nameserver


@pytest.fixture
def run(nameserver: NameServer) -> Run:
    """Runs a command on the name server; gives what it printed, or raises what it raised."""

    def run(*arguments: str) -> str:
        address = ["--host", str(nameserver.uri.host), "--port", str(nameserver.uri.port)]
        result = CliRunner().invoke(ns, [*arguments, *address])
        if result.exception is not None:
            raise result.exception
        return result.output

    return run


@pytest.fixture
def filled(run: Run) -> Run:
    run("register", "shop.cart", HERE, "--tag", "red", "--tag", "round")
    run("register", "shop.till", HERE)
    return run


def test_ping_tells_where_it_is(run: Run, nameserver: NameServer) -> None:
    assert run("ping") == f"{nameserver.uri} answers\n"
    assert json.loads(run("ping", "--json")) == {"uri": str(nameserver.uri)}


def test_list_prints_names_addresses_and_tags(filled: Run) -> None:
    assert filled("list", "shop.") == f"shop.cart --> {HERE}  [red, round]\nshop.till --> {HERE}\n"
    assert json.loads(filled("list", "shop.c", "--json")) == {
        "shop.cart": {"uri": HERE, "tags": ["red", "round"]}
    }
    assert len(filled("list").splitlines()) == 3


@pytest.mark.parametrize(
    "filters", [["--regex", r".*\.c"], ["--all", "red", "--all", "round"], ["--any", "red"]]
)
def test_list_filters(filled: Run, filters: list[str]) -> None:
    assert list(json.loads(filled("list", "--json", *filters))) == ["shop.cart"]


def test_lookup_prints_address_and_tags(filled: Run) -> None:
    assert filled("lookup", "shop.cart") == f"{HERE}  [red, round]\n"
    found = {"name": "shop.cart", "uri": HERE, "tags": ["red", "round"]}
    assert json.loads(filled("lookup", "shop.cart", "--json")) == found


def test_what_goes_wrong_is_raised_for_the_exit_code(filled: Run) -> None:
    """E8: pyro-cli turns these into exit codes."""
    with pytest.raises(NameNotFound, match=r"did you mean 'shop\.cart'"):
        filled("lookup", "shop.carts")
    with pytest.raises(NameTaken):
        filled("register", "shop.cart", HERE, "--safe")
    with pytest.raises(NameNotFound):
        filled("remove", "shop.carts")
    with pytest.raises(NamingError, match="reserved"):
        filled("register", "Pyro.NameServer", HERE)
    with pytest.raises(NamingError, match="invalid regex"):
        filled("list", "--regex", "(")
    with pytest.raises(PyroError, match="invalid uri"):
        filled("register", "a", "bogus")


def test_a_missing_name_server_is_raised_for_the_exit_code() -> None:
    """E8."""
    result = CliRunner().invoke(ns, ["ping", "--host", "127.0.0.1", "--port", "1"])
    assert isinstance(result.exception, NameServerNotFound)


def test_register_and_remove_say_what_they_did(filled: Run) -> None:
    assert filled("register", "a", HERE) == "registered a\n"
    assert json.loads(filled("register", "b", HERE, "--json")) == {"registered": "b"}
    assert filled("remove", "a") == "removed 1\n"
    assert json.loads(filled("remove", "--prefix", "shop.", "--json")) == {"removed": 2}
    assert filled("remove", "--regex", "nothing") == "removed 0\n"


@pytest.mark.parametrize(
    "arguments",
    [["remove"], ["remove", "a", "--prefix", "b"], ["list", "a", "--any", "b"], ["serve", "-p", "70000"]],
)
def test_wrong_arguments_are_refused(arguments: list[str]) -> None:
    result = CliRunner().invoke(ns, arguments)
    assert result.exit_code == 2


def test_a_unix_socket_can_be_asked(tmp_path: Path) -> None:
    path = str(tmp_path / "ns")
    with start_ns(unixsocket=path) as nameserver:
        result = CliRunner().invoke(ns, ["ping", "--unixsocket", path])
        assert result.output == f"{nameserver.uri} answers\n"


def test_every_command_has_an_example() -> None:
    commands: Any = ns.commands
    assert set(commands) == {"serve", "list", "lookup", "register", "remove", "ping"}
    assert all("Example: pyro-cli ns " in command.help for command in commands.values())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_runs_until_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", "from pyro_nameserver.commands import ns; ns()", "serve"]
    options = ["-n", "127.0.0.1", "-p", "0", "-s", f"sqlite:{tmp_path / 'names'}", "-x"]
    server = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    with closing(server.stdout):
        try:
            head = [next(server.stdout) for _ in range(3)]
            assert head[0].startswith("Name server on 127.0.0.1:")
            assert head[1] == "Not answering broadcasts.\n"
            uri = head[2].removeprefix("URI = ").strip()
            port = uri.rpartition(":")[2]
            asked = CliRunner().invoke(ns, ["ping", "-n", "127.0.0.1", "-p", port])
            assert asked.output == f"{uri} answers\n"
            server.send_signal(number)
            assert server.stdout.read() == "Name server stopped.\n"
            assert server.wait(20) == 0
        finally:
            server.kill()
            server.wait()


def test_a_bad_storage_ends_serve_with_an_error() -> None:
    result = CliRunner().invoke(ns, ["serve", "-n", "127.0.0.1", "-p", "0", "-s", "bogus"])
    assert "invalid storage type 'bogus'" in str(result.exception)
