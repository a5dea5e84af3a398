"""The commands ``call``, ``describe`` and ``gen``."""

import json
from pathlib import Path
from typing import Any

import pytest

from pyro_core.descriptions import (
    AttributeDescription,
    ClassDescription,
    MethodDescription,
    ParameterDescription,
)
from pyro_core.errors import NameServerNotFound

click = pytest.importorskip("click", reason="needs the extra 'cli'")
click_testing = pytest.importorskip("click.testing", reason="needs the extra 'cli'")
commands = pytest.importorskip("pyro_client.commands")


def run(command: Any, *arguments: str) -> str:
    at = isinstance(command, click.Group)  # options follow the name of the command
    given = [*arguments[:at], "--serializer", "plain", *arguments[at:]]
    result = click_testing.CliRunner().invoke(command, given)
    if result.exception is not None:
        raise result.exception
    return str(result.output)


@pytest.fixture(autouse=True)
def _quiet_network(monkeypatch: pytest.MonkeyPatch, free_port: int) -> None:
    monkeypatch.setenv("PYRO_BROADCAST_ADDRS", "127.0.0.1")
    monkeypatch.setenv("PYRO_NS_BCPORT", str(free_port))
    monkeypatch.setattr("pyro_client.plans.locate.DISCOVERY_S", 0.05)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-2.5", -2.5),
        ("True", True),
        ("None", None),
        ("['a', (1, 2)]", ["a", (1, 2)]),
        ("hello", "hello"),
        ("'3'", "3"),
        ("a b", "a b"),
        ("--flag", "--flag"),
    ],
)
def test_arguments_are_literals_or_text(server: Any, text: str, value: Any) -> None:
    run(commands.call, str(server.uri), "echo", text)
    assert server.calls[-1].args == (value,)


def test_texts_are_printed_bare_and_other_values_as_literals(server: Any) -> None:
    assert run(commands.call, str(server.uri), "echo", "hello") == "hello\n"
    assert run(commands.call, str(server.uri), "echo", "['a']") == "['a']\n"
    assert run(commands.call, str(server.uri), "add", "2", "3") == "5\n"


def test_json_output(server: Any) -> None:
    assert run(commands.call, str(server.uri), "echo", "['a', None]", "--json") == '["a", null]\n'


def test_an_attribute_is_read(server: Any) -> None:
    assert run(commands.call, str(server.uri), "x") == "value of x\n"


def test_the_items_of_an_iterator_are_printed_one_a_line(server: Any) -> None:
    items = iter([1, "two"])

    def next_item(peer: Any, call: Any) -> None:
        item = next(items, None)
        peer.fail(StopIteration()) if item is None else peer.reply(item)

    server.scripts["echo"] = lambda peer, call: peer.stream("stream-1")
    server.scripts["get_next_stream_item"] = next_item
    assert run(commands.call, str(server.uri), "echo") == "1\ntwo\n"


def test_errors_are_left_to_the_caller(server: Any, free_port: int) -> None:
    with pytest.raises(AttributeError, match="'ad'"):
        run(commands.call, str(server.uri), "ad")
    with pytest.raises(NameServerNotFound):
        run(commands.call, "PYRONAME:thing", "add", "--ns-host", "127.0.0.1", "--ns-port", str(free_port))


def test_names_are_looked_up_where_the_options_say(server: Any) -> None:
    server.metadata = {"methods": ["lookup", "add"], "oneway": [], "attrs": []}
    server.scripts["lookup"] = lambda peer, call: peer.reply(server.uri)
    options = ["--ns-host", "127.0.0.1", "--ns-port", str(server.port), "--timeout", "5"]
    assert run(commands.call, "PYRONAME:thing", "add", "2", "3", *options) == "5\n"


def test_describe_tells_members_and_protocol(server: Any) -> None:
    facts = json.loads(run(commands.describe, str(server.uri), "--json"))
    assert facts == {
        "uri": str(server.uri),
        "address": str(server.uri),
        "protocol": 502,
        "serializer": "plain",
        "methods": ["add", "echo", "note"],
        "oneway": ["note"],
        "attributes": ["x"],
    }
    lines = run(commands.describe, str(server.uri)).splitlines()
    assert "methods     add, echo, note" in lines
    assert "protocol    502" in lines


def test_stubs_are_printed_or_written_to_a_file(server: Any, tmp_path: Path) -> None:
    described = ClassDescription("Thing", "A thing.", {"add": MethodDescription("add", "method", (), "int")})
    server.scripts["describe_members"] = lambda peer, call: peer.reply(described.to_wire())
    printed = run(commands.gen, "stubs", str(server.uri))
    assert "class Thing(Protocol):\n" in printed
    assert "    def add(self) -> int: ...\n" in printed
    assert "    def echo(self, *args: Any, **kwargs: Any) -> Any: ...\n" in printed
    target = tmp_path / "thing.py"
    options = ["--async", "--name", "Other", "--output", str(target)]
    assert run(commands.gen, "stubs", str(server.uri), *options) == ""
    assert "class Other(Protocol):\n" in target.read_text()
    assert "    async def add(self) -> int: ...\n" in target.read_text()


def test_a_stub_needs_a_name_that_a_class_can_have(server: Any) -> None:
    with pytest.raises(SystemExit):
        run(commands.gen, "stubs", str(server.uri), "--name", "not a name")


def test_describe_tells_signatures_where_the_server_does(server: Any) -> None:
    described = ClassDescription(
        "Thing",
        "",
        {
            "add": MethodDescription(
                "add", "async", (ParameterDescription("a", "positional", "int"),), "int"
            ),
            "echo": MethodDescription("echo", "method", None, "", "Say it again.\n\nAs it was."),
        },
        {"x": AttributeDescription("x", "int", False, "X.")},
    )
    server.scripts["describe_members"] = lambda peer, call: peer.reply(described.to_wire())
    printed = run(commands.describe, str(server.uri))
    told = [
        "async add(a: int) -> int",
        "echo(*args, **kwargs)\n    Say it again.",
        "x: int  (read only)\n    X.",
    ]
    assert printed.endswith("".join(f"\n{one}\n" for one in told))
    facts = json.loads(run(commands.describe, str(server.uri), "--json"))
    assert facts["description"] == described.to_wire()
