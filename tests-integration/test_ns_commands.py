"""Every ``pyro-cli ns`` command as an operator runs it: output and exit code of real processes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import network_namespace
import processes
import pytest
from stock_env import stock_python

from pyro_client import Proxy
from pyro_core.uri import URI

CLI = [sys.executable, "-m", "pyro_cli"]
SERVE = [*CLI, "ns", "serve", "--host", "127.0.0.1", "--port", "0", "--nobc"]
HERE = "PYRO:obj@localhost:4444"

Environment = dict[str, str]


def variables(uri: URI) -> Environment:
    return {"PYRO_NS_HOST": str(uri.host), "PYRO_NS_PORT": str(uri.port)}


@pytest.fixture(scope="module")
def ours() -> Iterator[Environment]:
    with processes.running(SERVE) as process:
        yield variables(URI(processes.wait_for(process, "URI = ").removeprefix("URI = ")))


def cli(
    env: Environment, *arguments: str, code: int = 0, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    done = processes.run([*CLI, "ns", *arguments], env=env, check=False, typed=typed)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_each_command_prints_what_it_did_and_ends_with_0(ours: Environment, tmp_path: Path) -> None:
    assert cli(ours, "ping").stdout.endswith(" answers\n")
    assert json.loads(cli(ours, "status", "--json").stdout)["kind"] == "pyro-nameserver"
    assert cli(ours, "register", "all.a", HERE, "--tag", "red").stdout == "registered all.a\n"
    leased = json.loads(cli(ours, "register", "all.l", HERE, "--ttl", "60", "--json").stdout)
    assert cli(ours, "renew", "all.l", "--owner", leased["owner"], "-f", "tsv").stdout.endswith(
        "all.l\ttrue\n"
    )
    assert cli(ours, "tag", "all.a", "--add", "blue").stdout == "all.a  [blue, red]\n"
    assert cli(ours, "list", "all.", "-f", "name").stdout == "all.a\nall.l\n"
    assert cli(ours, "lookup", "all.a").stdout == f"{HERE}  [blue, red]\n"
    watched = cli(ours, "watch", "all.", "--from", "0", "--count", "2", "-f", "jsonl").stdout
    assert [json.loads(line)["name"] for line in watched.splitlines()] == ["all.a", "all.l"]
    assert json.loads(cli(ours, "prune", "nothing.", "--json").stdout) == []
    file = str(tmp_path / "names.jsonl")
    assert cli(ours, "export", file, "--prefix", "all.").stderr == f"exported 2 names to {file}\n"
    assert cli(ours, "remove", "all.a").stdout == "removed 1\n"
    assert cli(ours, "import", file).stdout == "copied 1 names\n1 leased names were left out\n"
    store = f"sqlite:{tmp_path / 'store'}"
    assert cli({}, "import", file, "--storage", store).stdout.startswith("copied 1 names\n")
    assert cli({}, "migrate", store, f"sqlite:{tmp_path / 'other'}").stdout == "copied 1 names\n"
    assert cli({}, "export", "--storage", f"sqlite:{tmp_path / 'other'}").stdout.count("\n") == 1
    cli(ours, "remove", "all.l", "--owner", leased["owner"])
    cli(ours, "remove", "all.a")


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["lookup", "nobody"], 3, "NameNotFound: unknown name: nobody"),
        (["tag", "nobody", "--add", "x"], 3, "NameNotFound"),
        (["remove", "nobody"], 3, "NameNotFound"),
        (["renew", "nobody", "--owner", "me"], 3, "no lease of this owner"),
        (["register", "Pyro.NameServer", HERE], 1, "reserved"),
        (["register", "x", "bogus"], 1, "invalid uri"),
        (["register", "x", HERE, "--ttl", "0.5"], 6, "ttl must be 2 to"),
        (["list", "--regex", "("], 1, "invalid regex"),
        (["import", "none.jsonl"], 2, "No such file"),
        (["migrate", "sqlite:none", "memory"], 2, "there is no file 'none'"),
        (["migrate", "bogus", "memory"], 2, "invalid storage type 'bogus'"),
        (["config", "show", "--config", "none.toml"], 2, "cannot read the configuration"),
        (["list", "--frobnicate"], 2, "No such option"),
        (["ping", "--host", "127.0.0.1", "--port", "1"], 4, "127.0.0.1:1"),
        (["export", "/none/names.jsonl"], 1, "No such file"),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_code(
    ours: Environment, arguments: list[str], code: int, problem: str
) -> None:
    done = cli(ours, *arguments, code=code)
    assert problem in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_leased_name_of_somebody_else_is_code_5(ours: Environment) -> None:
    cli(ours, "register", "owned", HERE, "--ttl", "60", "--owner", "me")
    assert "NameOwned" in cli(ours, "remove", "owned", code=5).stderr
    assert "NameTaken" in cli(ours, "register", "owned", HERE, "--safe", code=5).stderr
    cli(ours, "remove", "owned", "--owner", "me")


def test_a_list_that_goes_on_shows_a_lease_that_ends(ours: Environment) -> None:
    cli(ours, "register", "ending.a", HERE)
    command = [*CLI, "ns", "list", "ending.", "--watch", "-f", "jsonl"]
    with processes.running(command, env=ours) as process:
        assert json.loads(processes.wait_for(process, "ending.a"))["change"] == "present"
        cli(ours, "register", "ending.b", HERE, "--ttl", "2")
        assert json.loads(processes.wait_for(process, "ending.b"))["change"] == "added"
        assert json.loads(processes.wait_for(process, "ending.b"))["change"] == "expired"
        cli(ours, "remove", "ending.a")
        assert json.loads(processes.wait_for(process, "ending.a"))["change"] == "removed"


def test_who_has_no_token_is_told_so_with_code_5() -> None:
    env = {"PYRO_NS_REGISTER_TOKENS": "secret"}
    with processes.running(SERVE, env=env) as process:
        where = variables(URI(processes.wait_for(process, "URI = ").removeprefix("URI = ")))
        assert "PYRO_NS_TOKEN" in cli(where, "register", "a", HERE, code=5).stderr
        cli({**where, "PYRO_NS_TOKEN": "secret"}, "register", "a", HERE)
        assert cli(where, "lookup", "a").stdout == f"{HERE}\n"


# ---- stock name servers


@pytest.fixture(scope="module", params=["4", "5"])
def stock(request: pytest.FixtureRequest) -> Iterator[tuple[str, Environment]]:
    with processes.server("stock_name_server.py", request.param, python=stock_python()) as uri:
        yield request.param, variables(URI(uri))


def test_stock_name_servers_are_managed_too(stock: tuple[str, Environment], tmp_path: Path) -> None:
    generation, env = stock
    cli(env, "ping")
    status = json.loads(cli(env, "status", "--json").stdout)
    assert (status["kind"], status["leases"], status["names"]) == (f"Pyro{generation}", False, 1)
    cli(env, "register", "st.a", HERE, "--tag", "red")
    assert cli(env, "tag", "st.a", "--add", "blue").stdout == "st.a  [blue, red]\n"
    assert cli(env, "lookup", "st.a").stdout == f"{HERE}  [blue, red]\n"
    assert cli(env, "list", "--any", "blue", "-f", "name").stdout == "st.a\n"
    assert json.loads(cli(env, "export", "--prefix", "st.").stdout)["tags"] == ["blue", "red"]
    line = json.dumps({"name": "st.b", "uri": "PYRO:b@127.0.0.1:1"})
    assert cli(env, "import", typed=line).stdout == "copied 1 names\n"
    assert cli(env, "prune", "st.b", "--yes", "-f", "name").stdout == "st.b\n"
    assert cli(env, "remove", "st.a").stdout == "removed 1\n"


@pytest.mark.parametrize(
    "arguments", [["register", "a", HERE, "--ttl", "60"], ["renew", "a", "--owner", "me"], ["watch"]]
)
def test_what_stock_name_servers_cannot_do_is_told(
    stock: tuple[str, Environment], arguments: list[str]
) -> None:
    done = cli(stock[1], *arguments, code=1)
    assert "it is a stock one; run `pyro-cli ns serve` in its place" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("generation", ["4", "5"])
def test_a_file_of_a_stock_name_server_is_migrated(generation: str, tmp_path: Path) -> None:
    source, target = tmp_path / "stock.sql", f"sqlite:{tmp_path / 'names'}"
    processes.outcomes(stock_python(), "stock_name_file.py", generation, str(source))
    before = source.read_bytes()
    assert cli({}, "migrate", str(source), target).stdout == "copied 1 names\n"
    assert source.read_bytes() == before
    expected = {"name": f"from.{generation}", "uri": f"PYRO:stock@h:{generation}", "tags": ["old", "stock"]}
    assert json.loads(cli({}, "export", "--storage", target).stdout) == expected


def test_a_dbm_file_of_pyro4_is_migrated(tmp_path: Path) -> None:
    code = (
        "import sys; from Pyro4.naming_storage import DbmStorage as D; D(sys.argv[1])['a'] = sys.argv[2], 0"
    )
    source, target = tmp_path / "names", f"sqlite:{tmp_path / 'new'}"
    processes.run([stock_python(), "-c", code, source, HERE])
    assert cli({}, "migrate", f"dbm:{source}", target).stdout == "copied 1 names\n"
    assert json.loads(cli({}, "export", "--storage", target).stdout)["uri"] == HERE


# ---- discovery


@pytest.mark.skipif(network_namespace.missing() is not None, reason=str(network_namespace.missing()))
def test_the_local_network_is_asked_for_all_name_servers(tmp_path: Path) -> None:
    """In a network of its own: two answer at two UDP ports, and at a third nobody does."""
    script = """
import json, subprocess, sys
sys.path.insert(0, sys.argv[1])
import processes
cli = [sys.executable, "-m", "pyro_cli", "ns"]
with processes.running([*cli, "serve", "--host", sys.argv[2], "--port", "9190"]) as server:
    processes.wait_for(server, "URI = ")
    found = processes.run([*cli, "discover", "--timeout", "0.3", "--json"])
    nobody = processes.run([*cli, "discover", "--timeout", "0.1", "--port", "9099"], check=False)
print(json.dumps([json.loads(found.stdout), nobody.returncode, nobody.stderr]))
"""
    command = [sys.executable, "-c", script, str(processes.PEERS.parent), network_namespace.ADDRESS]
    done = processes.run(network_namespace.inside(command))
    (row,), code, error = json.loads(done.stdout.splitlines()[-1])
    uri = f"PYRO:Pyro.NameServer@{network_namespace.ADDRESS}:9190"
    assert (row["uri"], row["answers"], row["kind"], row["names"]) == (uri, True, "pyro-nameserver", 1)
    assert code == 4
    assert "no answer within 0.1 s" in error


def test_thousands_of_names_are_moved_in_one_go(ours: Environment, tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_text("".join(f'{{"name": "many.{n:04}", "uri": "{HERE}"}}\n' for n in range(2000)))
    assert cli(ours, "import", str(file)).stdout == "copied 2000 names\n"
    assert cli(ours, "export", "--prefix", "many.").stdout.count("\n") == 2000
    assert cli(ours, "remove", "--prefix", "many.").stdout == "removed 2000\n"
    with Proxy(f"PYRO:Pyro.NameServer@{ours['PYRO_NS_HOST']}:{ours['PYRO_NS_PORT']}") as remote:
        assert remote.list(prefix="many.") == {}
