"""The formats that every command prints in."""

import base64
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pyro_cli import output as printing
from pyro_cli.output import FORMATS, Output, output_options
from pyro_cli.plain_values import cell, plain, visible
from pyro_cli.yaml_text import yaml_text

ROWS = [
    {"name": "a", "uri": "PYRO:a@localhost:1", "tags": ["x", "z"], "more": {"k": None}},
    {"name": "b\tc", "uri": None, "tags": [], "more": {}},
]
COLUMNS = ("name", "uri", "tags")


def printed(capsys: pytest.CaptureFixture[str], format: str, what: str, *arguments: Any) -> str:
    getattr(Output(format), what)(*arguments)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("format", "text"),
    [
        (
            "table",
            "NAME  URI                 TAGS\na     PYRO:a@localhost:1  x, z\nb\\tc  -                   -\n",
        ),
        ("tsv", "name\turi\ttags\na\tPYRO:a@localhost:1\tx,z\nb\\tc\t\t\n"),
        ("name", "a\nb\\tc\n"),
        (
            "yaml",
            "- name: a\n  uri: PYRO:a@localhost:1\n  tags:\n  - x\n  - z\n  more:\n    k: null\n"
            '- name: "b\\tc"\n  uri: null\n  tags: []\n  more: {}\n',
        ),
    ],
)
def test_rows_are_printed_in_every_format(capsys: pytest.CaptureFixture[str], format: str, text: str) -> None:
    assert printed(capsys, format, "rows", ROWS, COLUMNS) == text


def test_rows_as_json_have_all_fields(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(printed(capsys, "json", "rows", ROWS, COLUMNS)) == ROWS
    lines = printed(capsys, "jsonl", "rows", ROWS, COLUMNS).splitlines()
    assert [json.loads(line) for line in lines] == ROWS


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("table", "NAME  URI\n"),
        ("json", "[]\n"),
        ("yaml", "[]\n"),
        ("jsonl", ""),
        ("tsv", "name\turi\n"),
        ("name", ""),
    ],
)
def test_no_rows_are_no_special_case(capsys: pytest.CaptureFixture[str], format: str, text: str) -> None:
    assert printed(capsys, format, "rows", [], ("name", "uri")) == text


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("table", "name   a\ncount  3\nok     yes\n"),
        ("json", '{\n  "name": "a",\n  "count": 3,\n  "ok": true\n}\n'),
        ("jsonl", '{"name": "a", "count": 3, "ok": true}\n'),
        ("yaml", "name: a\ncount: 3\nok: true\n"),
        ("tsv", "name\tcount\tok\na\t3\ttrue\n"),
        ("name", "a\n"),
    ],
)
def test_a_record_is_printed_in_every_format(
    capsys: pytest.CaptureFixture[str], format: str, text: str
) -> None:
    assert printed(capsys, format, "record", {"name": "a", "count": 3, "ok": True}) == text


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("table", "AT  NAME\n1   a\n22  b\n"),
        ("json", '{"at": 1, "name": "a"}\n{"at": 22, "name": "b"}\n'),
        ("jsonl", '{"at": 1, "name": "a"}\n{"at": 22, "name": "b"}\n'),
        ("yaml", "---\nat: 1\nname: a\n---\nat: 22\nname: b\n"),
        ("tsv", "at\tname\n1\ta\n22\tb\n"),
        ("name", "a\nb\n"),
    ],
)
def test_a_stream_is_printed_row_by_row(capsys: pytest.CaptureFixture[str], format: str, text: str) -> None:
    seen = []

    def rows() -> Iterator[dict[str, Any]]:
        yield {"at": 1, "name": "a"}
        seen.append(capsys.readouterr().out)
        yield {"at": 22, "name": "b"}

    Output(format).stream(rows(), ("at", "name"))
    assert "a" in seen[0]
    assert seen[0] + capsys.readouterr().out == text


@pytest.mark.parametrize(
    ("format", "value", "text"),
    [
        ("table", "hello\nyou", "hello\nyou\n"),
        ("table", (1, "a"), "(1, 'a')\n"),
        ("json", [1], "[\n  1\n]\n"),
        ("jsonl", [1], "[1]\n"),
        ("yaml", {"a": [1]}, "a:\n- 1\n"),
        ("tsv", "a\tb", "a\\tb\n"),
        ("name", 3, "3\n"),
    ],
)
def test_any_value_can_be_printed(
    capsys: pytest.CaptureFixture[str], format: str, value: Any, text: str
) -> None:
    assert printed(capsys, format, "value", value) == text


def test_a_stranger_cannot_write_control_characters_to_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    evil = "\x1b]0;title\x07\u202etxt\r"
    for format in FORMATS:
        Output(format).rows([{"name": evil}], ["name"])
        Output(format).record({"name": evil})
        Output(format).value(evil)
    shown = capsys.readouterr().out
    assert all(one.isprintable() or one == "\n" for one in shown), repr(shown)
    assert visible(evil) == "\\x1b]0;title\\x07\\u202etxt\\r"


def test_values_become_plain_data() -> None:
    when = datetime(2024, 5, 6, tzinfo=UTC)
    found = plain(
        {
            "set": {2, 1},
            "bytes": b"\xff",
            "when": when,
            "price": Decimal("1.10"),
            "numbers": [math.nan, math.inf, -math.inf, 1.5],
            3: (1, None),
            True: "t",
        }
    )
    assert found == {
        "set": [1, 2],
        "bytes": base64.b64encode(b"\xff").decode(),
        "when": "2024-05-06T00:00:00+00:00",
        "price": "1.10",
        "numbers": ["NaN", "Infinity", "-Infinity", 1.5],
        "3": [1, None],
        "true": "t",
    }


def test_cells_are_one_line() -> None:
    assert [cell(value) for value in (None, "", [], {}, True, ["a", 1], {"a": 1}, "a\nb")] == [
        "-", "-", "-", "-", "yes", "a, 1", '{"a": 1}', "a\\nb",
    ]  # fmt: skip


def test_wide_characters_take_two_columns(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"a": "日本", "b": 1}, {"a": "x", "b": 2}]
    assert printed(capsys, "table", "rows", rows, ("a", "b")) == "A     B\n日本  1\nx     2\n"


def test_a_terminal_gets_a_prettier_table_where_rich_is_installed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rich", reason="needs the extra 'rich'")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    pretty = printed(capsys, "table", "rows", ROWS, COLUMNS)
    assert "─" in pretty
    assert "b\\tc" in pretty
    monkeypatch.setattr(printing, "find_spec", lambda name: None)
    assert "─" not in printed(capsys, "table", "rows", ROWS, COLUMNS)


def test_the_options_choose_the_format() -> None:
    @click.command()
    @click.argument("name")
    @output_options
    def show(name: str, output: Output) -> None:
        """Show."""
        click.echo(f"{name} {output.format} {output.for_people}")

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(show, arguments)
        return str(result.output)

    assert run("a") == "a table True\n"
    assert run("a", "--json") == "a json False\n"
    assert run("a", "-f", "tsv") == "a tsv False\n"
    assert "--format" in run("--help")
    assert "'xml' is not one of 'table'" in run("a", "--format", "xml")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.sampled_from(
    [
        "null",
        "yes",
        "No",
        "on",
        "~",
        "-",
        "?",
        ":",
        "a:",
        ":a",
        "a:b",
        "#a",
        "a#b",
        "a",
        "1",
        "1.0",
        "0x1f",
        "1e3",
        ".5",
        ".inf",
        "12:30",
        "2024-01-01",
        "=",
        "<<",
        "!",
        "&",
        "*",
        "|",
        ">",
        "%",
        "@",
        "`",
        "'a'",
        "{}",
        "[]",
        "a,b",
        "---",
        "...",
        "0o7",
        "1_000",
        "+",
        "+1",
        ".nan",
        ".",
        "./u:path",
        "/x",
        "y",
        "n",
        "a #b",
        "\x7f",
        "\u200b",
        '"a"',
    ]
)


@given(PLAIN | st.lists(WORDS) | st.dictionaries(WORDS, WORDS))
def test_yaml_is_read_back_as_it_was(value: Any) -> None:
    yaml = pytest.importorskip("yaml", reason="the reader that the writer is compared with")
    # Not numbers here: the writer makes text of them, as it does for JSON.
    assert yaml.safe_load(yaml_text(value)) == plain(value)
