"""The commands of this package, against a scripted server."""

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
from pyro_core.errors import CommunicationError, NameServerNotFound

click_testing = pytest.importorskip("click.testing", reason="needs the extra 'cli'")
pytest.importorskip("pyro_cli", reason="needs the extra 'cli'")

arguments = pytest.importorskip("pyro_client.commands.arguments")
batching = pytest.importorskip("pyro_client.commands.batching")
calling = pytest.importorskip("pyro_client.commands.calling")
describing = pytest.importorskip("pyro_client.commands.describing")
latencies = pytest.importorskip("pyro_client.commands.latencies")
measuring = pytest.importorskip("pyro_client.commands.measuring")
prompt = pytest.importorskip("pyro_client.commands.shell")
watching = pytest.importorskip("pyro_client.commands.watching")


def run(command: Any, *words: str, code: int = 0, typed: str = "") -> str:
    given = ["--serializer", "plain", *words]
    result = click_testing.CliRunner().invoke(command, given, input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return str(result.output)


@pytest.fixture(autouse=True)
def _quiet_surroundings(monkeypatch: pytest.MonkeyPatch, free_port: int, tmp_path: Path) -> None:
    monkeypatch.setenv("PYROCLI_HOME", str(tmp_path / "home"))
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
        ('{"a": [true, null]}', {"a": [True, None]}),
        ("true", True),
        ("{broken", "{broken"),
    ],
)
def test_arguments_are_literals_or_text(server: Any, text: str, value: Any) -> None:
    run(calling.call, str(server.uri), "echo", text)
    assert server.calls[-1].args == (value,)


def test_texts_are_printed_bare_and_other_values_as_literals(server: Any) -> None:
    assert run(calling.call, str(server.uri), "echo", "hello") == "hello\n"
    assert run(calling.call, str(server.uri), "echo", "['a']") == "['a']\n"
    assert run(calling.call, str(server.uri), "add", "2", "3") == "5\n"


def test_json_output(server: Any) -> None:
    assert run(calling.call, str(server.uri), "echo", "['a', None]", "--json") == '[\n  "a",\n  null\n]\n'
    assert run(calling.call, str(server.uri), "echo", "['a']", "-f", "jsonl") == '["a"]\n'


def test_an_attribute_is_read(server: Any) -> None:
    assert run(calling.call, str(server.uri), "x") == "value of x\n"


def test_the_items_of_an_iterator_are_printed_one_a_line(server: Any) -> None:
    items = iter([1, "two"])

    def next_item(peer: Any, call: Any) -> None:
        item = next(items, None)
        peer.fail(StopIteration()) if item is None else peer.reply(item)

    server.scripts["echo"] = lambda peer, call: peer.stream("stream-1")
    server.scripts["get_next_stream_item"] = next_item
    assert run(calling.call, str(server.uri), "echo") == "1\ntwo\n"


def test_errors_are_left_to_the_caller(server: Any, free_port: int) -> None:
    with pytest.raises(AttributeError, match="'ad'"):
        run(calling.call, str(server.uri), "ad")
    with pytest.raises(NameServerNotFound):
        run(calling.call, "PYRONAME:thing", "add", "--ns-host", "127.0.0.1", "--ns-port", str(free_port))


def test_names_are_looked_up_where_the_options_say(server: Any) -> None:
    server.metadata = {"methods": ["lookup", "add"], "oneway": [], "attrs": []}
    server.scripts["lookup"] = lambda peer, call: peer.reply(server.uri)
    options = ["--ns-host", "127.0.0.1", "--ns-port", str(server.port), "--timeout", "5"]
    assert run(calling.call, "PYRONAME:thing", "add", "2", "3", *options) == "5\n"


def test_describe_tells_members_and_protocol(server: Any) -> None:
    facts = json.loads(run(describing.describe, str(server.uri), "--json"))
    assert facts == {
        "uri": str(server.uri),
        "address": str(server.uri),
        "protocol": 502,
        "serializer": "plain",
        "methods": ["add", "echo", "note"],
        "oneway": ["note"],
        "attributes": ["x"],
    }
    lines = run(describing.describe, str(server.uri)).splitlines()
    assert "methods     add, echo, note" in lines
    assert "protocol    502" in lines


def test_stubs_are_printed_or_written_to_a_file(server: Any, tmp_path: Path) -> None:
    described = ClassDescription("Thing", "A thing.", {"add": MethodDescription("add", "method", (), "int")})
    server.scripts["describe_members"] = lambda peer, call: peer.reply(described.to_wire())
    printed = run(describing.stubs, str(server.uri))
    assert "class Thing(Protocol):\n" in printed
    assert "    def add(self) -> int: ...\n" in printed
    assert "    def echo(self, *args: Any, **kwargs: Any) -> Any: ...\n" in printed
    target = tmp_path / "thing.py"
    options = ["--async", "--name", "Other", "--output", str(target)]
    assert run(describing.stubs, str(server.uri), *options) == ""
    assert "class Other(Protocol):\n" in target.read_text()
    assert "    async def add(self) -> int: ...\n" in target.read_text()


def test_a_stub_needs_a_name_that_a_class_can_have(server: Any) -> None:
    assert "--name" in run(describing.stubs, str(server.uri), "--name", "not a name", code=2)


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
    printed = run(describing.describe, str(server.uri))
    told = [
        "async add(a: int) -> int",
        "echo(*args, **kwargs)\n    Say it again.",
        "x: int  (read only)\n    X.",
    ]
    assert printed.endswith("".join(f"\n{one}\n" for one in told))
    facts = json.loads(run(describing.describe, str(server.uri), "--json"))
    assert facts["description"] == described.to_wire()


def test_arguments_can_be_named_and_can_be_all_text(server: Any) -> None:
    run(calling.call, str(server.uri), "echo", "1", "-k", "a=[2]", "--kw", "b=x=y")
    assert (server.calls[-1].args, server.calls[-1].kwargs) == ((1,), {"a": [2], "b": "x=y"})
    run(calling.call, str(server.uri), "echo", "1", "--kw", "a=2", "--text")
    assert (server.calls[-1].args, server.calls[-1].kwargs) == (("1",), {"a": "2"})
    assert "expected NAME=VALUE, got 'a'" in run(calling.call, str(server.uri), "echo", "--kw", "a", code=2)
    assert arguments.value_of("3", as_text=True) == "3"
    assert arguments.keywords_of(("a=1",)) == {"a": 1}


def test_a_list_can_be_printed_item_by_item(server: Any) -> None:
    assert run(calling.call, str(server.uri), "echo", "['a', 2]", "--stream") == "a\n2\n"
    assert run(calling.call, str(server.uri), "echo", "['a', 2]", "--stream", "--json") == '"a"\n2\n'
    assert run(calling.call, str(server.uri), "echo", "['a', 2]", "--stream", "--limit", "1") == "a\n"


def test_a_one_way_call_prints_nothing(server: Any) -> None:
    assert run(calling.call, str(server.uri), "echo", "hi", "--oneway") == ""
    with pytest.raises(AttributeError, match="'ecco'"):
        run(calling.call, str(server.uri), "ecco", "hi", "--oneway")


def test_a_target_is_a_uri_or_a_name(server: Any) -> None:
    server.metadata = {"methods": ["lookup", "add"], "oneway": [], "attrs": []}
    server.scripts["lookup"] = lambda peer, call: peer.reply(server.uri)
    options = ["--ns-host", "127.0.0.1", "--ns-port", str(server.port)]
    assert run(calling.call, "thing", "add", "2", "3", *options) == "5\n"
    assert "invalid uri: 'PYRO:x'" in run(calling.call, "PYRO:x", "add", code=2)


def attr(*words: str) -> str:
    result = click_testing.CliRunner().invoke(calling.attr, [*words, "--serializer", "plain"])
    if result.exception is not None:
        raise result.exception
    return str(result.output)


def test_attributes_are_read_and_written(server: Any) -> None:
    assert attr("get", str(server.uri), "x") == "value of x\n"
    assert attr("get", str(server.uri), "x", "--json") == '"value of x"\n'
    assert attr("set", str(server.uri), "x", "-3") == ""
    assert server.calls[-1].args == ("x", -3)
    assert attr("set", str(server.uri), "x", "-3", "--text") == ""
    assert server.calls[-1].args == ("x", "-3")


@pytest.mark.parametrize("command", [("get",), ("set", "1")])
def test_what_is_no_attribute_is_told(server: Any, command: tuple[str, ...]) -> None:
    verb, *value = command
    with pytest.raises(AttributeError, match="'add' is a method of PYRO"):
        attr(verb, str(server.uri), "add", *value)
    with pytest.raises(AttributeError, match="no exposed attribute or method 'xx'"):
        attr(verb, str(server.uri), "xx", *value)


def test_a_batch_that_cannot_be_understood_calls_nothing(server: Any) -> None:
    assert "line 2 is no call: No closing quotation" in run(
        batching.batch, str(server.uri), typed="add 1 2\nadd 'x\n", code=2
    )
    assert "must begin with the name of a method" in run(
        batching.batch, str(server.uri), typed="[1]\n", code=2
    )
    with pytest.raises(AttributeError, match="'ad'"):
        run(batching.batch, str(server.uri), typed="add 1 2\nad 1\n")
    assert server.calls == []


def test_ping_counts_and_measures(server: Any) -> None:
    facts = json.loads(run(measuring.ping, str(server.uri), "-c", "3", "-i", "0", "--json"))
    assert (facts["sent"], facts["answered"], len(facts["answers"])) == (3, 3, 3)
    assert facts["min_ms"] <= facts["median_ms"] <= facts["max_ms"]
    lines = run(measuring.ping, str(server.uri), "-c", "2", "-i", "0").splitlines()
    assert lines[0].split() == ["SEQ", "TIME", "MS", "ERROR"]
    assert lines[4:6] == [f"target     {server.uri}", "sent       2"]


def test_a_ping_without_any_answer_fails(free_port: int) -> None:
    with pytest.raises(CommunicationError, match="refused"):
        run(measuring.ping, f"PYRO:x@127.0.0.1:{free_port}", "-c", "2", "-i", "0", "--json")


def test_bench_counts_calls_and_failures(server: Any) -> None:
    options = ["--seconds", "0.05", "--json"]
    facts = json.loads(run(measuring.bench, str(server.uri), "add", "1", "2", *options))
    assert facts["calls"] > 0
    assert facts["calls_per_second"] > 0
    assert (facts["failed"], facts["method"], facts["threads"]) == (0, "add", 1)
    assert json.loads(run(measuring.bench, str(server.uri), *options))["method"] == "(ping)"
    numbers = iter(range(1_000_000))
    server.scripts["add"] = lambda peer, call: (
        peer.fail(ValueError("odd")) if next(numbers) % 2 else peer.reply(0)
    )
    shown = run(measuring.bench, str(server.uri), "add", "1", "2", "--seconds", "0.05", code=6)
    assert "calls failed, such as with: odd" in shown


def test_watch_prints_what_changes_and_goes_on_after_failures(server: Any) -> None:
    answers = iter([1, 1, ValueError("away"), ValueError("away"), [2]])

    def answer(peer: Any, call: Any) -> None:
        found = next(answers)
        peer.fail(found) if isinstance(found, Exception) else peer.reply(found)

    server.scripts["echo"] = answer
    shown = run(watching.watch, str(server.uri), "echo", "0", "-c", "5", "-i", "0", "-f", "jsonl")
    rows = [json.loads(line) for line in shown.splitlines()]
    assert [(row["change"], row["ok"], row["value"]) for row in rows] == [
        ("first", True, 1),
        ("changed", False, "ValueError: away"),
        ("changed", True, [2]),
    ]
    with pytest.raises(AttributeError):
        run(watching.watch, str(server.uri), "nothing", "-c", "2", "-i", "0")


def test_watch_shows_every_result_if_asked_to(server: Any) -> None:
    shown = run(watching.watch, str(server.uri), "x", "-c", "2", "-i", "0", "--all", "-f", "tsv")
    rows = [line.split("\t")[1:] for line in shown.splitlines()]
    assert rows == [
        ["change", "ok", "value"],
        ["first", "true", "value of x"],
        ["same", "true", "value of x"],
    ]


def test_top_shows_what_is_up_and_what_is_down(server: Any, free_port: int) -> None:
    down = f"PYRO:x@127.0.0.1:{free_port}"
    shown = run(watching.top, str(server.uri), down, "-c", "2", "-i", "0", "--json")
    rows = [json.loads(line) for line in shown.splitlines()]
    found = [(row["target"], row["state"], row["answered"], row["failed"]) for row in rows]
    assert found == [
        (down, "down", 0, 1),
        (str(server.uri), "up", 1, 0),
        (down, "down", 0, 2),
        (str(server.uri), "up", 2, 0),
    ]
    assert "refused" in rows[0]["error"]
    assert "nothing to watch" in run(watching.top, code=2)


def test_the_shell_runs_a_command_or_a_program_with_proxies(server: Any) -> None:
    assert run(prompt.shell, str(server.uri), "-c", "print(obj.add(2, 3))") == "5\n"
    assert run(
        prompt.shell, f"one={server.uri}", str(server.uri), typed="print(one.add(1, 1), obj2.x)\n"
    ) == ("2 value of x\n")
    assert run(prompt.shell, typed=f"print(connect('{server.uri}').add(1, 2))") == "3\n"
    assert "with a name that Python accepts" in run(prompt.shell, "a-b=thing", code=2)
    with pytest.raises(ValueError, match="odd"):
        server.scripts["add"] = lambda peer, call: peer.fail(ValueError("odd"))
        run(prompt.shell, str(server.uri), "-c", "obj.add()")


def test_the_shell_completes_remote_members_without_calling_them(server: Any) -> None:
    from pyro_client import Proxy
    from pyro_core.settings import ClientSettings

    with Proxy(server.uri, settings=ClientSettings(serializer="plain")) as proxy:
        proxy._pyro.bind()
        completer = prompt.Completer({"store": proxy, "stop": 1})

        def found(text: str) -> list[str]:
            all_of_them: list[str] = []
            while (one := completer.complete(text, len(all_of_them))) is not None:
                all_of_them.append(one)
            return all_of_them

        assert found("store.") == ["store.add(", "store.echo(", "store.note(", "store.x"]
        assert found("store.e") == ["store.echo("]
        assert found("sto") == ["store(", "stop"]
        assert found("nothing.") == []
    assert server.calls == []


def test_percentiles_are_measured_values() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [latencies.percentile(values, percent) for percent in (0, 50, 95, 99, 100)] == [1, 50, 95, 99, 100]
    assert latencies.percentile([7.0], 99) == 7
    assert latencies.percentile([], 50) is None
    assert set(latencies.Latencies().facts().values()) == {None}
