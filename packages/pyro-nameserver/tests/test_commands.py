"""The ``ns`` commands, against a name server on loopback."""

import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from pyro_cli import exit_codes
from pyro_client import Proxy
from pyro_core.errors import (
    NameNotFound,
    NameOwned,
    NameServerNotFound,
    NameTaken,
    NamingError,
    PyroError,
    SettingsError,
)
from pyro_core.settings import NameServerSettings
from pyro_nameserver import NameServer, start_ns
from pyro_nameserver.commands import generating, ns
from pyro_server import Daemon

HERE = "PYRO:obj@localhost:4444"
PATIENCE_S = 20.0
Run = Callable[..., str]


@pytest.fixture
def nameserver() -> Iterator[NameServer]:
    with start_ns(settings=NameServerSettings(host="127.0.0.1", port=0)) as nameserver:
        yield nameserver


def invoked(arguments: list[str], *, code: int = 0, typed: str | None = None) -> str:
    """Run a command; gives what it printed, or raises what it raised."""
    result = CliRunner().invoke(ns, arguments, input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def run(nameserver: NameServer) -> Run:
    """Runs a command on the name server."""

    def run(*arguments: str, code: int = 0, typed: str | None = None) -> str:
        address = ["--host", str(nameserver.uri.host), "--port", str(nameserver.uri.port)]
        return invoked([*arguments, *address], code=code, typed=typed)

    return run


@pytest.fixture
def filled(run: Run) -> Run:
    run("register", "shop.cart", HERE, "--tag", "red", "--tag", "round")
    run("register", "shop.till", HERE)
    return run


def test_ping_tells_where_it_is(run: Run, nameserver: NameServer) -> None:
    assert run("ping") == f"{nameserver.uri} answers\n"
    assert json.loads(run("ping", "--json")) == {"uri": str(nameserver.uri)}


def test_status_tells_what_it_is(filled: Run, nameserver: NameServer) -> None:
    facts = json.loads(filled("status", "--json"))
    assert facts.pop("round_trip_ms") > 0
    assert facts == {
        "uri": str(nameserver.uri),
        "kind": "pyro-nameserver",
        "names": 3,
        "leases": True,
        "watch": True,
        "protocol": 502,
    }
    assert "pyro-nameserver" in filled("status")


def test_list_prints_names_addresses_and_tags(filled: Run) -> None:
    assert filled("list", "shop.") == (
        f"NAME       URI                      TAGS\nshop.cart  {HERE}  red, round\nshop.till  {HERE}  -\n"
    )
    cart = {"name": "shop.cart", "uri": HERE, "tags": ["red", "round"]}
    assert json.loads(filled("list", "shop.c", "--json")) == [cart]
    assert filled("list", "shop.", "-f", "name") == "shop.cart\nshop.till\n"
    assert filled("list", "shop.c", "-f", "tsv") == f"name\turi\ttags\nshop.cart\t{HERE}\tred,round\n"
    assert len(json.loads(filled("list", "--json"))) == 3


@pytest.mark.parametrize(
    "filters", [["--regex", r".*\.c"], ["--all", "red", "--all", "round"], ["--any", "red"]]
)
def test_list_filters(filled: Run, filters: list[str]) -> None:
    assert filled("list", "-f", "name", *filters) == "shop.cart\n"


def test_lookup_prints_address_and_tags(filled: Run) -> None:
    assert filled("lookup", "shop.cart") == f"{HERE}  [red, round]\n"
    assert filled("lookup", "shop.till") == f"{HERE}\n"
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


@pytest.mark.parametrize("command", ["ping", "status", "list", "watch", "export", "prune"])
def test_a_missing_name_server_is_raised_for_the_exit_code(command: str) -> None:
    """E8."""
    with pytest.raises(NameServerNotFound):
        invoked([command, "--host", "127.0.0.1", "--port", "1"])


def test_register_and_remove_say_what_they_did(filled: Run) -> None:
    assert filled("register", "a", HERE) == "registered a\n"
    assert json.loads(filled("register", "b", HERE, "--json")) == {"registered": "b"}
    assert filled("remove", "a") == "removed 1\n"
    assert json.loads(filled("remove", "--prefix", "shop.", "--json")) == {"removed": 2}
    assert filled("remove", "--regex", "nothing") == "removed 0\n"


def test_a_lease_is_renewed_and_changed_with_its_token_only(run: Run) -> None:
    said = json.loads(run("register", "a", HERE, "--ttl", "60", "--json"))
    assert (said["registered"], said["ttl"]) == ("a", 60.0)
    owned = ["--owner", said["owner"]]
    assert run("renew", "a", *owned) == "NAME  RENEWED\na     yes\n"
    rows = '[{"name": "a", "renewed": true}, {"name": "b", "renewed": false}]'
    assert json.loads(
        run("renew", "a", "b", *owned, "--json", code=exit_codes.NOT_FOUND).partition("Error")[0]
    ) == (json.loads(rows))
    assert "no lease of this owner (any more): a; register again" in run(
        "renew", "a", "--owner", "me", code=exit_codes.NOT_FOUND
    )
    for change in (["remove", "a"], ["tag", "a", "--add", "x"], ["register", "a", HERE]):
        with pytest.raises(NameOwned):
            run(*change)
        with pytest.raises(NameOwned):
            run(*change, "--owner", "me")
    assert run("tag", "a", "--add", "x", *owned) == "a  [x]\n"
    assert run("remove", "a", *owned) == "removed 1\n"


def test_the_token_of_a_lease_is_printed_with_what_to_do_next(run: Run) -> None:
    lines = run("register", "a", HERE, "--ttl", "60", "--owner", "me").splitlines()
    assert lines == ["registered a", "owner's token: me; renew with: pyro-cli ns renew a --owner me"]


def test_the_token_may_come_from_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYRO_NS_OWNER", "me")
    run("register", "a", HERE, "--ttl", "60")
    assert run("renew", "a", "-f", "name") == "a\n"


@pytest.mark.parametrize(
    ("options", "tags"),
    [
        ([], ["red", "round"]),
        (["--add", "new", "--drop", "red", "--drop", "unknown"], ["new", "round"]),
        (["--clear"], []),
        (["--clear", "--add", "new"], ["new"]),
    ],
)
def test_tags_are_changed(filled: Run, options: list[str], tags: list[str]) -> None:
    assert json.loads(filled("tag", "shop.cart", *options, "--json")) == {"name": "shop.cart", "tags": tags}
    assert json.loads(filled("lookup", "shop.cart", "--json"))["tags"] == tags


def test_names_of_dead_servers_are_listed_and_removed_only_if_told_so(run: Run) -> None:
    with Daemon(host="127.0.0.1") as living, Daemon(host="127.0.0.1") as dead:
        run("register", "alive", f"PYRO:x@{living.location}")
        gone = f"PYRO:x@{dead.location}"
        dead.close()
        run("register", "dead", gone)
        run("register", "leased", gone, "--ttl", "60")
        run("register", "alias", "PYRONAME:dead")
        run("register", "other", gone)
        assert run("prune", "-f", "name", "d") == "dead\nnothing was removed; do so with --yes\n"
        rows = json.loads(run("prune", "--yes", "--json"))
        assert run("prune", "--json") == "[]\n"
    assert rows == [
        {"name": "dead", "uri": gone, "removed": True},
        {"name": "other", "uri": gone, "removed": True},
    ]
    assert run("list", "-f", "name") == "Pyro.NameServer\nalias\nalive\nleased\n"


# ---- watching


def test_watching_begins_with_all_names_if_asked(filled: Run) -> None:
    lines = filled("watch", "shop.", "--from", "0", "--count", "2", "-f", "jsonl").splitlines()
    cart, till = map(json.loads, lines)
    assert (cart["change"], cart["name"], cart["uri"], cart["tags"]) == (
        *("present", "shop.cart", HERE),
        ["red", "round"],
    )
    assert till["name"] == "shop.till"


def test_changes_are_shown_as_they_happen_also_over_a_restart(
    nameserver: NameServer, capfd: pytest.CaptureFixture[str]
) -> None:
    host, port = str(nameserver.uri.host), int(str(nameserver.uri.port))
    arguments = ["watch", "--host", host, "--port", str(port), "--from", "0", "--count", "3", "-f", "jsonl"]
    with Proxy(nameserver.uri) as remote:
        remote.register("before", HERE)
    watcher = threading.Thread(
        target=ns.main, args=(arguments,), kwargs={"standalone_mode": False}, daemon=True
    )
    watcher.start()
    with Proxy(nameserver.uri) as remote:
        remote.register("during", HERE, ttl=60.0)
        watched = _until(lambda: "during" in capfd.readouterr().out)
    assert watched
    nameserver.close()
    with start_ns(settings=NameServerSettings(host=host, port=port)) as again, Proxy(again.uri) as remote:
        remote.register("after", HERE)
        watcher.join(PATIENCE_S)
    assert not watcher.is_alive()
    out, err = capfd.readouterr()
    assert json.loads(out.splitlines()[-1])["name"] == "after"
    assert "the name server is gone, trying again" in err


def _until(condition: Callable[[], bool]) -> bool:
    pause = threading.Event()
    return any(condition() or pause.wait(0.01) for _ in range(int(PATIENCE_S / 0.01)))


# ---- moving


def test_names_are_exported_and_imported(filled: Run, tmp_path: Path) -> None:
    filled("register", "leased", HERE, "--ttl", "60")
    file = tmp_path / "names.jsonl"
    assert filled("export", str(file)) == f"exported 3 names to {file}\n"
    assert filled("export") == file.read_text()
    assert len(filled("export", "--prefix", "shop.").splitlines()) == 2
    filled("remove", "shop.cart")
    filled("register", "shop.till", "PYRO:other@h:1")
    assert filled("import", str(file)) == (
        "copied 1 names\n1 were there already and stay as they are; --replace changes them\n"
        "1 leased names were left out\n"
    )
    assert filled("lookup", "shop.till") == "PYRO:other@h:1\n"
    assert json.loads(filled("import", "--replace", "--json", typed=file.read_text())) == {
        **{"copied": 2, "kept": []},
        "leased": 1,
    }
    assert filled("lookup", "shop.till") == f"{HERE}\n"
    assert filled("lookup", "shop.cart") == f"{HERE}  [red, round]\n"
    assert [path.name for path in tmp_path.iterdir()] == ["names.jsonl"]


def test_leased_names_are_imported_under_new_leases_if_asked(run: Run) -> None:
    line = json.dumps({"name": "leased", "uri": HERE, "ttl": 60})
    run("import", "--leased", typed=line)
    assert json.loads(run("export"))["ttl"] == 60.0
    with pytest.raises(NameOwned):
        run("remove", "leased")


def test_a_wrong_line_imports_nothing(run: Run) -> None:
    good = json.dumps({"name": "a", "uri": HERE})
    with pytest.raises(NamingError, match="line 2 of <stdin> is no name"):
        run("import", typed=f"{good}\nnonsense\n")
    assert run("export") == ""


def test_storages_are_exported_imported_and_migrated(tmp_path: Path) -> None:
    first, second = f"sqlite:{tmp_path / 'first'}", f"sqlite:{tmp_path / 'second'}"
    line = json.dumps({"name": "a", "uri": HERE, "tags": ["t"]})
    assert invoked(["import", "--storage", first], typed=line) == "copied 1 names\n"
    assert invoked(["migrate", first, second]) == "copied 1 names\n"
    assert invoked(["export", "--storage", second]) == f"{line}\n"
    facts = json.loads(invoked(["migrate", first, second, "--json"]))
    assert facts == {"source": first, "target": second, "copied": 0, "kept": ["a"], "leased": []}
    with pytest.raises(SettingsError, match="there is no file"):
        invoked(["migrate", "sqlite:none", second])


# ---- all of them


@pytest.mark.parametrize(
    "arguments",
    [
        ["remove"],
        ["remove", "a", "--prefix", "b"],
        ["list", "a", "--any", "b"],
        ["list", "--watch", "--any", "b"],
        ["serve", "-p", "70000"],
        ["renew", "a"],
        ["watch", "--count", "0"],
        ["config"],
    ],
)
def test_wrong_arguments_are_refused(arguments: list[str]) -> None:
    result = CliRunner().invoke(ns, arguments)
    assert result.exit_code == 2


def test_a_unix_socket_can_be_asked(tmp_path: Path) -> None:
    path = str(tmp_path / "ns")
    with start_ns(unixsocket=path) as nameserver:
        assert invoked(["ping", "--unixsocket", path]) == f"{nameserver.uri} answers\n"


def test_the_configuration_is_shown_with_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PYRO_")]:
        monkeypatch.delenv(name)
    path = tmp_path / "ns.toml"
    path.write_text("[nameserver]\nport = 1\n")
    monkeypatch.setenv("PYRO_HOST", "b")
    arguments = ["config", "show", "--config", str(path), "--nobc", "--storage", "memory", "--json"]
    rows = {row["name"]: row for row in json.loads(invoked(arguments)) if row["table"] == "nameserver"}
    assert {name: row["source"] for name, row in rows.items() if row["source"] != "default"} == {
        "port": f"[nameserver] in {path}",
        "host": "PYRO_HOST",
        "broadcast": "--nobc",
        "storage": "--storage",
    }
    path.write_text("[nameserver]\nprot = 1\n")
    with pytest.raises(SettingsError, match="did you mean 'port'"):
        invoked(arguments)


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")


def test_every_command_has_an_example_that_it_takes() -> None:
    commands: Any = dict(_commands(ns, "ns"))
    commands |= {f"gen {item.name}": item for item in (generating.systemd, generating.docker, generating.k8s)}
    assert {name.removeprefix("ns ") for name in commands if name.count(" ") == 1} >= {
        *("serve", "ping", "status", "discover", "list", "lookup", "register", "renew", "remove", "tag"),
        *("watch", "prune", "export", "import", "migrate", "config"),
    }
    for name, command in commands.items():
        found = re.search(rf"Example: pyro-cli {name}((?: [^|&]+)?)", command.help)
        assert found is not None, name
        words = found.group(1).split()
        if not isinstance(command, click.Group) and name != "ns import":  # which opens its file
            command.make_context(name, words)
