"""How commands print: the same formats everywhere, chosen with ``--format``.

A command that has the decorator ``@output_options`` gets an ``Output`` and gives it dicts; it never looks at
the format itself::

    @command()
    @output_options
    def list_things(output: Output) -> None:
        output.rows([{"name": "a", "size": 1}], columns=("name", "size"))
"""

import functools
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Final
from unicodedata import east_asian_width

import click

from pyro_cli.plain_values import cell, json_text, plain, visible
from pyro_cli.yaml_text import yaml_text

FORMATS: Final = ("table", "json", "yaml", "jsonl", "tsv", "name")
_GAP: Final = "  "
_TSV: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Output:
    r"""Prints on standard output, in one format.

    ``table`` is for people; ``json`` is one document; ``jsonl`` one JSON object a line; ``tsv`` a line of
    column names, then lines with tabs between the cells, in which tabs and line ends are written as ``\t``
    and ``\n``; ``name`` only the first column, or the one called ``name``, one a line.

    Args:
        format: One of ``FORMATS``.
    """

    def __init__(self, format: str = "table") -> None:
        self.format = format

    @property
    def for_people(self) -> bool:
        """Whether a person reads it: the place for hints and headings."""
        return self.format == "table"

    def rows(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
        """Print a list of records.

        Args:
            rows: The records. JSON and YAML show all of their fields.
            columns: The fields that the formats with columns show, in that order.
        """
        found = list(rows)
        if self.format == "json":
            click.echo(json_text(found, indent=2))
        elif self.format == "yaml":
            click.echo(yaml_text(found), nl=False)
        elif self.format == "table":
            self._table(found, columns)
        else:
            self._print_lines(found, columns)

    def stream(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
        """Print records as they come, each at once; ``json`` is one a line, ``yaml`` a document each."""
        if self.format == "table":
            self._growing_table(rows, columns)
        elif self.format == "json":
            Output("jsonl").stream(rows, columns)
        elif self.format == "yaml":
            for row in rows:
                _print(f"---\n{yaml_text(row).rstrip()}")
        else:
            self._print_lines(rows, columns)

    def record(self, fields: Mapping[str, Any]) -> None:
        """Print one record: all of its fields, each on a line of its own in a table."""
        if self.format in ("json", "jsonl"):
            click.echo(json_text(fields, indent=2 if self.format == "json" else None))
        elif self.format == "yaml":
            click.echo(yaml_text(fields), nl=False)
        elif self.format == "table":
            width = max(map(len, fields), default=0)
            for name, value in fields.items():
                click.echo(f"{name:{width}}{_GAP}{cell(value)}")
        else:
            self._print_lines([fields], list(fields))

    def value(self, value: Any) -> None:
        """Print any value, such as the result of a call: in a table text as it is, and all else as Python."""
        if self.format == "json":
            _print(json_text(value, indent=2))
        elif self.format == "jsonl":
            _print(json_text(value))
        elif self.format == "yaml":
            _print(yaml_text(value).rstrip("\n"))
        elif self.format == "tsv":
            _print(_tsv(value))
        else:
            _print(visible(value if isinstance(value, str) else repr(value), lines=True))

    def _print_lines(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
        key = "name" if "name" in columns else columns[0]
        if self.format == "tsv":
            _print("\t".join(columns))
        for row in rows:
            if self.format == "jsonl":
                _print(json_text(row))
            elif self.format == "tsv":
                _print("\t".join(_tsv(row.get(column)) for column in columns))
            else:
                _print(_tsv(row.get(key)))

    def _table(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
        cells = [[cell(row.get(column)) for column in columns] for row in rows]
        if sys.stdout.isatty() and find_spec("rich") is not None:
            _rich_table(cells, columns)
            return
        titles = [_title(column) for column in columns]
        widths = [max(map(_width, column)) for column in zip(titles, *cells, strict=True)]
        for line in [titles, *cells]:
            click.echo(_aligned(line, widths))

    def _growing_table(self, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
        titles = [_title(column) for column in columns]
        widths = [0] * len(columns)
        for number, row in enumerate(rows):
            cells = [cell(row.get(column)) for column in columns]
            widths = [max(width, _width(text)) for width, text in zip(widths, cells, strict=True)]
            if not number:
                widths = [max(width, _width(text)) for width, text in zip(widths, titles, strict=True)]
                _print(_aligned(titles, widths))
            _print(_aligned(cells, widths))


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options ``--format`` and ``--json``, and an ``Output`` as argument ``output``."""

    @functools.wraps(command)
    def with_output(*args: Any, output_format: str, as_json: bool, **kwargs: Any) -> Any:
        return command(*args, output=Output("json" if as_json else output_format), **kwargs)

    for option in (
        click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
        click.option(
            "-f",
            "--format",
            "output_format",
            type=click.Choice(FORMATS),
            default="table",
            help="How to print. Default: table.",
        ),
    ):
        with_output = option(with_output)
    return with_output


def _print(text: str) -> None:
    """Print a line, and let the reader have it at once."""
    click.echo(text)
    sys.stdout.flush()


def _title(column: str) -> str:
    return column.replace("_", " ").upper()


def _tsv(value: Any) -> str:
    made = plain(value)
    if isinstance(made, list) and all(isinstance(item, str | int | float) for item in made):
        return ",".join(str(item).translate(_TSV) for item in made)
    text = "" if made is None else made if isinstance(made, str) else json_text(made)
    return visible(text.translate(_TSV))


def _width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return len(text) if text.isascii() else sum(1 + (east_asian_width(one) in "WF") for one in text)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (text + " " * (width - _width(text)) for text, width in zip(cells, widths, strict=True))
    return _GAP.join(padded).rstrip()


def _rich_table(cells: Sequence[Sequence[str]], columns: Sequence[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(_title(column), overflow="fold")
    for line in cells:
        table.add_row(*map(Text, line))
    Console().print(table)
