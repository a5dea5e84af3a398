"""The ``pyro-cli`` command: finds commands among the installed packages and turns errors into one line.

A command is imported when it is used, so that one broken package harms no other command, and installing
only the name server gives only the name server's commands.
"""

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from pyro_cli import exit_codes
from pyro_cli.__about__ import __version__
from pyro_cli.contexts import VARIABLE
from pyro_core import plugins
from pyro_core.errors import (
    CommunicationError,
    DaemonError,
    NameNotFound,
    PluginError,
    PyroError,
    RemoteError,
)
from pyro_core.remote_errors import remote_traceback_lines, traceback_text


class InstalledCommands(click.Group):
    """A group whose members are the commands that installed packages contribute.

    Args:
        within: Dotted name of the group among the entry points; empty for the whole command line. The command
            ``pyro-cli gen stubs`` is the entry point ``gen.stubs``, whichever package brings it.
    """

    def __init__(self, *args: Any, within: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prefix = f"{within}." if within else ""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, whether they can be loaded or not."""
        names = plugins.commands().names()
        inside = {name.removeprefix(self._prefix) for name in names if name.startswith(self._prefix)}
        return sorted({*(name for name in inside if "." not in name), *self.commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command; None if there is no such name.

        Raises:
            PluginError: If it exists but cannot be loaded.
        """
        registry = plugins.commands()
        name = f"{self._prefix}{cmd_name}"
        if name not in registry.names():
            return super().get_command(ctx, cmd_name)
        command = registry.load(name)
        if not isinstance(command, click.Command):
            raise PluginError(
                f"the command {name!r} is a {type(command).__name__}, expected a click command; "
                "ask the maintainers of the package that brings it",
                group="pyro.commands",
                name=name,
            )
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their first line of help; a broken one says so instead."""
        rows = []
        for name in self.list_commands(ctx):
            try:
                command = self.get_command(ctx, name)
            except PluginError as problem:
                rows.append((name, f"(cannot be loaded: {problem})"))
            else:
                rows.append((name, command.get_short_help_str(limit=90) if command is not None else ""))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class CommandLine(InstalledCommands):
    """The whole command line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; whoever reads its output may stop reading whenever they like, as ``head`` does."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Nothing is to be flushed into the closed pipe when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(exit_codes.OUTPUT_CLOSED)


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pyro-cli")
@click.option(
    "--context", envvar=VARIABLE, help="Use the settings of this context ('pyro-cli context list')."
)
@click.option("--traceback", is_flag=True, help="Print the whole traceback of an error, also the remote one.")
def cli(context: str | None, traceback: bool) -> None:
    """Look at, call and serve remote Python objects.

    Example: pyro-cli ns list --json
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: What follows the command's name; None for those of this process.

    Returns:
        The exit code (see ``pyro_cli.exit_codes``).
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        result: Any = cli.main(given, prog_name="pyro-cli", standalone_mode=False)
    except click.exceptions.Abort:
        return exit_codes.INTERRUPTED
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except Exception as problem:
        expected = isinstance(problem, PyroError | AttributeError | OSError)
        if not expected and not remote_traceback_lines(problem):
            raise
        _report(problem, whole="--traceback" in given)
        return exit_codes.code_for(problem)
    return result if isinstance(result, int) else exit_codes.OK


def _report(error: Exception, *, whole: bool) -> None:
    if whole:
        click.echo(traceback_text(error), err=True, nl=False)
        return
    remote = "remote " if remote_traceback_lines(error) and not isinstance(error, PyroError) else ""
    text = " ".join(str(error).split()) or "no further text"
    hint = next_step(error)
    click.echo(f"Error: {remote}{type(error).__name__}: {text}{hint and '; '}{hint}", err=True)


def next_step(error: Exception) -> str:
    """What to do about an error that does not say so itself; empty if it does, or nobody knows."""
    if "pyro-cli" in str(error):
        return ""
    if isinstance(error, NameNotFound):
        return "" if error.near else "see 'pyro-cli ns list' for the names there are"
    if isinstance(error, CommunicationError):
        return "'pyro-cli doctor' looks for the cause"
    if isinstance(error, RemoteError) or remote_traceback_lines(error):
        return "'pyro-cli --traceback' shows the remote traceback"
    if isinstance(error, AttributeError | DaemonError) and "did you mean" not in str(error):
        return "'pyro-cli describe' shows what there is"
    return ""
