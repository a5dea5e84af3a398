"""The commands for operators, each as a process of its own against real servers: output and exit code."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import processes
import pytest

CLI = [sys.executable, "-m", "pyro_cli"]
SHOP = """
from pyro_server import expose

@expose
class Warehouse:
    '''Keeps things.'''

    def __init__(self):
        self.things = {}
        self.sign = ""

    @property
    def size(self) -> int:
        return 12

    @property
    def label(self) -> str:
        return self.sign

    @label.setter
    def label(self, sign: str) -> None:
        self.sign = sign

    def store(self, item: str, count: int = 1) -> int:
        '''Store some of an item.'''
        self.things[item] = self.things.get(item, 0) + count
        return self.things[item]

    def contents(self) -> dict[str, int]:
        return self.things

    def items(self):
        yield from self.things

    def fail(self):
        raise ValueError("out of order")

shelf = Warehouse()
"""

Environment = dict[str, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """Variables that lead to a name server with a warehouse, served with ``pyro-cli serve``."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.py").write_text(SHOP, encoding="utf8")
    with processes.running([*CLI, "ns", "serve", "--port", "0", "--nobc"]) as name_server:
        location = processes.wait_for(name_server, "PYRO:Pyro.NameServer@").rpartition("@")[2]
        host, _, port = location.rpartition(":")
        env = {
            "PYRO_NS_HOST": host,
            "PYRO_NS_PORT": port,
            "PYRO_BROADCAST_ADDRS": "127.0.0.1",
            "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
        }
        with processes.running([*CLI, "serve", "shop:shelf", "--name", "warehouse"], env=env) as server:
            processes.wait_for(server, "running")
            yield env


def cli(env: Environment, *words: str, code: int = 0, typed: str = "") -> subprocess.CompletedProcess[str]:
    done = processes.run([*CLI, *words], env=env, check=False, typed=typed)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def as_json(env: Environment, *words: str, code: int = 0) -> Any:
    return json.loads(cli(env, *words, "--json", code=code).stdout)


def rows(env: Environment, *words: str, code: int = 0) -> list[Any]:
    return list(map(json.loads, cli(env, *words, "-f", "jsonl", code=code).stdout.splitlines()))


def test_calls_take_json_literals_and_keywords(place: Environment) -> None:
    assert cli(place, "call", "warehouse", "store", "bolt", "3").stdout == "3\n"
    assert cli(place, "call", "warehouse", "store", "-k", "item=bolt", "-k", "count=2").stdout == "5\n"
    assert as_json(place, "call", "warehouse", "contents")["bolt"] == 5
    assert "bolt: 5\n" in cli(place, "call", "warehouse", "contents", "-f", "yaml").stdout
    assert cli(place, "call", "warehouse", "items", "--limit", "1", "--json").stdout == '"bolt"\n'
    assert cli(place, "call", "warehouse", "store", "nut", "--oneway").stdout == ""


def test_attributes(place: Environment) -> None:
    cli(place, "attr", "set", "warehouse", "label", "12", "--text")
    assert as_json(place, "attr", "get", "warehouse", "label") == "12"
    told = cli(place, "attr", "get", "warehouse", "store", code=3).stderr
    assert "use 'pyro-cli call'" in told
    assert told.count("\n") == 1


def test_a_batch_from_standard_input_or_a_file(place: Environment, tmp_path: Path) -> None:
    lines = '# restock\nstore screw 3\n\n["store", "screw", 4]\nitems\nfail\nstore screw\n'
    done = cli(place, "batch", "warehouse", "-f", "tsv", typed=lines, code=6).stdout.splitlines()
    assert done[:3] == ["line\tmethod\tok\tresult", "2\tstore\ttrue\t3", "4\tstore\ttrue\t7"]
    assert done[3].startswith("5\titems\ttrue\t")
    assert done[4:] == ["6\tfail\tfalse\tValueError: out of order"]
    (tmp_path / "calls").write_text(lines)
    found = rows(place, "batch", "warehouse", str(tmp_path / "calls"), "--keep-going", "--size", "2", code=6)
    assert [(row["line"], row["ok"]) for row in found] == [
        (2, True), (4, True), (5, True), (6, False), (7, True),
    ]  # fmt: skip
    assert found[-1]["result"] == 15
    assert "line 1 is no call" in cli(place, "batch", "warehouse", typed="a 'b", code=2).stderr
    assert "did you mean 'store'" in cli(place, "batch", "warehouse", typed="stor x", code=3).stderr


def test_ping(place: Environment) -> None:
    facts = as_json(place, "ping", "warehouse", "--count", "3", "--interval", "0")
    assert (facts["sent"], facts["answered"], len(facts["answers"])) == (3, 3, 3)
    table = cli(place, "ping", "warehouse", "-c", "2", "-i", "0").stdout
    assert table.startswith("SEQ  TIME MS")
    assert "median_ms" in table
    assert "'pyro-cli doctor'" in cli(place, "ping", "PYRO:x@127.0.0.1:1", "-c", "1", code=4).stderr


def test_bench(place: Environment) -> None:
    assert "'size' is an attribute" in cli(place, "bench", "warehouse", "size", code=3).stderr
    facts = as_json(
        place, "bench", "warehouse", "contents", "--seconds", "0.1", "-j", "2", "--serializer", "json"
    )
    assert facts["calls"] > 2
    assert facts["failed"] == 0
    assert "out of order" in cli(place, "bench", "warehouse", "fail", "--seconds", "0.1", code=6).stderr


def test_watch(place: Environment) -> None:
    found = rows(place, "watch", "warehouse", "size", "--count", "3", "--interval", "0", "--all")
    assert [row["change"] for row in found] == ["first", "same", "same"]
    assert "exposed attribute or method 'sice'" in cli(place, "watch", "warehouse", "sice", code=3).stderr


def test_top(place: Environment) -> None:
    found = rows(place, "top", "--prefix", "", "PYRO:x@127.0.0.1:1", "--count", "1")
    assert {row["target"]: row["state"] for row in found} == {
        "PYRO:x@127.0.0.1:1": "down",
        "warehouse": "up",
        "Pyro.NameServer": "up",
    }
    assert "nothing to watch" in cli(place, "top", code=2).stderr


def test_shell(place: Environment) -> None:
    assert cli(place, "shell", "store=warehouse", "-c", "print(store.size)").stdout == "12\n"
    assert (
        cli(place, "shell", "warehouse", typed="print('warehouse' in names(), obj.size)").stdout
        == "True 12\n"
    )
    assert "ValueError: out of order" in cli(place, "shell", "warehouse", "-c", "obj.fail()", code=6).stderr
    assert "unknown name: nobody" in cli(place, "shell", "nobody", code=3).stderr


def test_doctor(place: Environment) -> None:
    fine = as_json(place, "doctor", "warehouse")
    assert {row["state"] for row in fine} == {"ok", "warning"}  # bound to localhost: a warning
    assert [row["check"] for row in fine] == [
        "settings", "packages", "serializer", "name server", "version",
        "name", "address", "connection", "version", "daemon",
    ]  # fmt: skip
    text = cli(place, "doctor", "PYRO:x@0.0.0.0:1", "PYRO:x@127.0.0.1:1", code=2).stdout
    assert "problem  address: PYRO:x@0.0.0.0:1: " in text
    assert "         -> start the server, or check host and port\n" in text
    refused = as_json(place, "doctor", "warehouse", "--serializer", "marshal", code=5)
    assert next(row["check"] for row in refused if row["state"] == "problem") == "serializer"
    assert as_json(place, "doctor", "--serializer", "nix", code=7)[2]["state"] == "problem"
    nobody = cli({**place, "PYRO_NS_PORT": "1"}, "doctor", "warehouse", code=4).stdout
    assert "start one with 'pyro-cli ns serve'" in nobody
    assert "correct it" in cli({**place, "PYRO_NS_PORT": "x"}, "doctor", code=2).stdout


def test_doctor_finds_stale_names(place: Environment) -> None:
    cli(place, "ns", "register", "gone", "PYRO:gone@127.0.0.1:1")
    try:
        (problem,) = [row for row in as_json(place, "doctor", "--names", code=4) if row["state"] == "problem"]
    finally:
        cli(place, "ns", "remove", "gone")
    assert (problem["subject"], problem["finding"]) == ("gone", "nothing listens on 127.0.0.1:1")
    assert "pyro-cli ns remove gone" in problem["next_step"]
    assert as_json(place, "doctor", "--names")[-1]["finding"] == "all answer"


def test_a_context_leads_every_command_to_its_name_server(place: Environment, tmp_path: Path) -> None:
    env = {"PYROCLI_HOME": str(tmp_path), "PYTHONPATH": place["PYTHONPATH"]}
    where = [f"ns_host={place['PYRO_NS_HOST']}", f"ns_port={place['PYRO_NS_PORT']}"]
    cli(env, "context", "set", "shop", *where, "broadcast_addresses=127.0.0.1")
    cli(env, "context", "set", "nowhere", "ns_host=127.0.0.1", "ns_port=1", "broadcast_addresses=127.0.0.1")
    assert cli(env, "call", "warehouse", "size").stdout == "12\n"
    cli(env, "--context", "nowhere", "call", "warehouse", "size", code=4)
    cli({**env, "PYROCLI_CONTEXT": "nowhere"}, "call", "warehouse", "size", code=4)
    assert "context shop" in cli(env, "config", "show", "client.ns_port").stdout


def test_names_and_members_are_completed(place: Environment) -> None:
    def completed(*words: str) -> list[str]:
        asked = {"_PYRO_CLI_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(["pyro-cli", *words])}
        done = cli({**place, **asked, "COMP_CWORD": str(len(words))})
        return [line.partition(",")[2] for line in done.stdout.split()]

    assert completed("call", "ware") == ["warehouse"]
    assert completed("call", "warehouse", "st") == ["store"]
    assert completed("pi") == ["ping"]
    assert completed("completion", "z") == ["zsh"]
    assert completed("call", "nobody", "st") == []  # and no error text


def test_serve_takes_its_name_out_again(place: Environment) -> None:
    with processes.running([*CLI, "serve", "shop:Warehouse"], env=place) as server:
        processes.wait_for(server, "running")
        assert "Warehouse" in cli(place, "ns", "list").stdout
        server.terminate()
        assert server.wait(processes.PATIENCE_S) == 0
    assert "Warehouse" not in cli(place, "ns", "list").stdout
    assert "has no 'Nix'" in cli(place, "serve", "shop:Nix", code=2).stderr


def test_the_name_of_a_killed_server_ends_with_its_lease(place: Environment) -> None:
    words = ["serve", "shop:Warehouse", "--ttl", "2", "--name", "leased", "--tag", "colour:red"]
    with processes.running([*CLI, *words], env=place) as server:
        processes.wait_for(server, "running")
        assert "colour:red" in cli(place, "ns", "lookup", "leased").stdout
        server.kill()
        ends = time.monotonic() + processes.PATIENCE_S
        while "leased" in cli(place, "ns", "list").stdout:
            assert time.monotonic() < ends


def test_help_is_quick_to_come() -> None:
    """It imports the modules of the commands, and nothing that they need for their work."""
    code = (
        "import sys; from pyro_cli.main import main; main(['--help']);"
        "others = ('pyro_client.proxy', 'pyro_server.daemon', 'rich', 'cryptography', 'asyncio', 'ssl');"
        "print([name for name in others if name in sys.modules], file=sys.stderr)"
    )
    assert processes.run([sys.executable, "-c", code]).stderr == "[]\n"
