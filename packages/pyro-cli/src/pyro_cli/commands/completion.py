"""``pyro-cli completion``: scripts that make a shell complete commands, options, names and members."""

import click
from click.shell_completion import get_completion_class

VARIABLE = "_PYRO_CLI_COMPLETE"
"""Set by the scripts when they ask for completions. Click looks for it under this name."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    For bash and zsh: put  eval "$(pyro-cli completion bash)"  into ~/.bashrc or ~/.zshrc. For fish: save the
    script as ~/.config/fish/completions/pyro-cli.fish.

    Example: eval "$(pyro-cli completion bash)"
    """
    kind = get_completion_class(shell)
    assert kind is not None  # click has all three
    root = ctx.find_root().command
    made = kind(root, {}, "pyro-cli", VARIABLE)
    # Not source(): that runs bash to see whether its version will do, and this may be for another machine.
    click.echo(made.source_template % made.source_vars())
