"""``pyro-cli certs``: an authority of one's own, and the certificates that it issues."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pyro_cli.output import Output, output_options

_FOLDER: Any = click.Path(file_okay=False, path_type=Path)
_FILE: Any = click.Path(dir_okay=False, exists=True, path_type=Path)


@click.group()
def certs() -> None:
    """Certificates for encrypted connections, from an authority of your own.

    Example: pyro-cli certs init-ca && pyro-cli certs issue names.example.org
    """


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--folder", type=_FOLDER, default="certs", help="Where the files are. Default: certs."),
        click.option("--force", is_flag=True, help="Replace files that are there."),
    ):
        command = option(command)
    return command


@certs.command("init-ca")
@click.option("--name", default="Pyro authority", help="What it is called.")
@click.option("--days", type=click.IntRange(1), default=3650, help="How long it is good for. Default: 3650.")
@_common
@output_options
def init_ca(output: Output, name: str, days: int, folder: Path, force: bool) -> None:
    """Make an authority: ca.pem, which clients and servers trust, and ca.key, which must stay secret.

    Example: pyro-cli certs init-ca --folder certs --name "Example Corp Pyro"
    """
    from pyro_cli.certificates import make_authority

    output.record(make_authority(folder, name, days=days, replace=force))


@certs.command()
@click.argument("name")
@click.option(
    "--for",
    "hosts",
    multiple=True,
    metavar="HOST",
    help="Host name or address; may be repeated. Default: NAME.",
)
@click.option("--days", type=click.IntRange(1), default=365, help="How long it is good for. Default: 365.")
@_common
@output_options
def issue(output: Output, name: str, hosts: tuple[str, ...], days: int, folder: Path, force: bool) -> None:
    """Make NAME.pem and NAME.key for a server or a client, signed by the authority in the folder.

    Servers use them as PYRO_SSL_SERVERCERT and PYRO_SSL_SERVERKEY, clients that must prove who they are as
    PYRO_SSL_CLIENTCERT and PYRO_SSL_CLIENTKEY; both trust ca.pem (PYRO_SSL_CACERTS).

    Example: pyro-cli certs issue warehouse --for warehouse.example.org --for 10.0.0.7
    """
    from pyro_cli.certificates import issue_certificate

    output.record(issue_certificate(folder, name, hosts or (name,), days=days, replace=force))


@certs.command()
@click.argument("files", nargs=-1, required=True, type=_FILE)
@output_options
def show(output: Output, files: tuple[Path, ...]) -> None:
    """Whose certificates are in the FILES, who signed them, for which hosts, and how long they are good.

    Example: pyro-cli certs show certs/*.pem
    """
    from pyro_cli.certificates import read_certificates

    rows = [facts for file in files for facts in read_certificates(file)]
    output.rows(rows, ("name", "issuer", "hosts", "expires", "days_left", "file"))
