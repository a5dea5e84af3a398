"""``pyro-cli flame``. The only module here that needs click."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pyro_cli.contexts import settings_of
from pyro_cli.line_editing import remembered
from pyro_cli.progress import progress_of_bytes
from pyro_client.commands.targets import client_settings, proxy_options
from pyro_core.settings import ServerSettings

if TYPE_CHECKING:
    from pyro_flame.client import RemoteFlame
    from pyro_flame.policy import Policy

_LOCATION = click.argument("location")
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_HISTORY = "flame_history"


@click.group()
def flame() -> None:
    """Use modules, code, files and a console of another process, as far as it allows.

    LOCATION is host:port, ./u:path of a Unix socket, or the whole address.

    Example: pyro-cli flame console localhost:4444
    """


@flame.command()
@click.option("--host", help="Host name or address to listen on. Default: localhost.")
@click.option("--port", type=click.IntRange(0, 65535), help="TCP port; 0 takes a free one.")
@click.option("--unixsocket", metavar="PATH", help="Unix socket to listen on instead.")
@click.option("--calls", multiple=True, metavar="NAME", help="May be called: os.getcwd, platform, os.get*.")
@click.option("--code", is_flag=True, help="Expressions may be evaluated, and statements executed.")
@click.option("--console", is_flag=True, help="Consoles may be opened.")
@click.option("--send-modules", is_flag=True, help="Modules may be sent, which are executed.")
@click.option("--get-modules", is_flag=True, help="The source of modules may be read.")
@click.option("--send-files", multiple=True, type=_FOLDER, help="Files in this folder may be written.")
@click.option("--get-files", multiple=True, type=_FOLDER, help="Files in this folder may be read.")
@click.option("--everything", is_flag=True, help="All of that, and any file.")
def serve(host: str | None, port: int | None, unixsocket: str | None, **allowed: Any) -> None:
    """Let clients use this process, until Ctrl-C; what they may do is what the options name.

    Options that name something may be repeated. It listens on this machine only, unless clients must show
    a token of the file in PYRO_TOKENS_FILE, or a certificate.

    Example: pyro-cli flame serve --port 4444 --calls platform --get-files /var/log
    """
    from pyro_flame.service import start
    from pyro_server.daemon import Daemon

    if not any(allowed.values()):
        raise click.UsageError("this allows nothing; name what clients may do, such as --calls platform")
    policy = _policy(**allowed)
    settings = settings_of(ServerSettings)
    with Daemon(settings=settings, host=host, port=port, unixsocket=unixsocket) as daemon:
        uri = start(daemon, policy)
        click.echo(_warning(policy), err=True)
        click.echo(f"uri = {uri}")
        click.echo(f"flame server running at {daemon.location}")
        daemon.request_loop()


@flame.command()
@_LOCATION
@proxy_options
def console(location: str, **options: Any) -> None:
    """A Python prompt in the process at LOCATION.

    Tab completes names over there, Ctrl-C interrupts what runs there, Ctrl-D ends. Lines are kept in the file
    flame_history of the folder that 'pyro-cli config path' tells.

    Example: pyro-cli flame console localhost:4444
    """
    with _connected(location, **options) as remote, remote.console() as opened, remembered(_HISTORY):
        opened.interact()


@flame.command()
@_LOCATION
@click.argument("file", type=click.File(encoding="utf8"), required=False)
@click.option("-c", "--command", help="Run this instead.")
@proxy_options
def run(location: str, file: Any, command: str | None, **options: Any) -> None:
    """Run the statements in FILE (- for standard input) in the process at LOCATION.

    It must allow consoles. What they print is printed here as it comes; Ctrl-C interrupts them.

    Example: pyro-cli flame run localhost:4444 -c "import os; print(os.getcwd())"
    """
    if (file is None) == (command is None):
        raise click.UsageError("give either a FILE, or -c with the statements")
    with _connected(location, **options) as remote, remote.console() as opened:
        opened.execute(file.read() if command is None else command)


@flame.command()
@_LOCATION
@click.argument("path")
@click.argument("to", type=click.Path(path_type=Path), required=False)
@proxy_options
def get(location: str, path: str, to: Path | None, **options: Any) -> None:
    """Copy the file PATH of the process at LOCATION to the file or folder TO; by default into this folder.

    Example: pyro-cli flame get localhost:4444 /var/log/syslog
    """
    name = path.replace("\\", "/").rpartition("/")[2]
    to = to or Path()
    target = to / name if to.is_dir() else to
    with _connected(location, **options) as remote, progress_of_bytes(name) as tell:
        size = remote.getfile(path, target, on_progress=tell)
    click.echo(f"{target}: {size} bytes")


@flame.command()
@_LOCATION
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("path", required=False)
@proxy_options
def put(location: str, file: Path, path: str | None, **options: Any) -> None:
    """Copy FILE to PATH at the process at LOCATION.

    Without PATH it keeps its name, in the first folder that may be written.

    Example: pyro-cli flame put localhost:4444 report.txt /srv/incoming/report.txt
    """
    path = path or file.name
    with _connected(location, **options) as remote, progress_of_bytes(file.name) as tell:
        size = remote.sendfile(path, file, on_progress=tell)
    click.echo(f"{path}: {size} bytes")


def _connected(location: str, **options: Any) -> "RemoteFlame":
    from pyro_flame.client import connect

    return connect(location, client_settings(**options))


def _policy(everything: bool, **allowed: Any) -> "Policy":
    from pyro_flame.policy import Policy

    return Policy.everything() if everything else Policy(**allowed)


def _warning(policy: "Policy") -> str:
    who = f"the user {getpass.getuser()!r}"
    if policy.code or policy.console or policy.send_modules or policy.allows_private:
        return f"WARNING: clients of this server can run any code here, and do whatever {who} can do."
    return f"WARNING: clients of this server use what these options name as {who}."
