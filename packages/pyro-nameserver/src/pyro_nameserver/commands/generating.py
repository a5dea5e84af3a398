"""``pyro-cli gen systemd|docker|k8s``: files that run a name server as a service."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from pyro_cli.yaml_text import yaml_text
from pyro_core.errors import SettingsError
from pyro_nameserver import deployment
from pyro_nameserver.deployment import Place

_PORT = click.IntRange(1, 65535)


def _common_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("-o", "--output", metavar="DIR", help="Write files into this folder; else print them."),
        click.option("-s", "--storage", default="", help="Where names are kept. Default: a sqlite file."),
        click.option(
            "--admin-port", type=_PORT, default=9099, help="Port of probes and figures. Default: 9099."
        ),
        click.option("-p", "--port", type=_PORT, default=9090, help="TCP port. Default: 9090."),
    ):
        command = option(command)
    return command


@click.command()
@click.option(
    "-n", "--host", default="localhost", help="Where to listen; :: for everywhere. Default: localhost."
)
@click.option("-c", "--config", metavar="FILE", default="", help="TOML file that the service reads.")
@click.option("--command", help="The command to run, with its full path. Default: this pyro-cli.")
@_common_options
def systemd(config: str, command: str | None, output: str | None, **place: Any) -> None:
    """Units for systemd: readiness, watchdog, socket activation, and as few rights as possible.

    Example: pyro-cli gen systemd --host :: --output /etc/systemd/system
    """
    _put(deployment.systemd(Place(**place), command or _this_command(), config), output)


@click.command()
@_common_options
def docker(output: str | None, **place: Any) -> None:
    """A Dockerfile; the container runs as nobody in particular and answers probes.

    Example: pyro-cli gen docker --output . && docker build -t pyro-nameserver .
    """
    _put({"Dockerfile": deployment.dockerfile(Place(**place))}, output)


@click.command()
@click.option("--image", default="pyro-nameserver", help="Image of the container. Default: pyro-nameserver.")
@click.option("--namespace", default="default", help="Where to put everything. Default: default.")
@click.option("--replicas", type=click.IntRange(1), default=2, help="For etcd and postgres. Default: 2.")
@_common_options
def k8s(image: str, namespace: str, replicas: int, output: str | None, **place: Any) -> None:
    """Manifests for Kubernetes, with probes; several name servers with --storage etcd:... or postgres:...

    Example: pyro-cli gen k8s --storage etcd:etcd-client:2379 | kubectl apply -f -
    """
    where = Place(**place)
    if where.storage and not where.is_shared:
        raise click.BadParameter(
            "give etcd:... or postgres:..., or leave it out for a sqlite file on a volume",
            param_hint="--storage",
        )
    objects = deployment.kubernetes(where, image, namespace, replicas)
    _put({f"{deployment.NAME}.yaml": "---\n".join(yaml_text(item) for item in objects)}, output)


def _put(files: Mapping[str, str], output: str | None) -> None:
    if output is None:
        for name, text in files.items():
            click.echo(f"# {name}\n{text}" if len(files) > 1 else text, nl=False)
        return
    for name, text in files.items():
        path = Path(output, name)
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as problem:
            raise SettingsError(
                f"cannot write {path}: {problem.strerror}; name another folder with --output", name="output"
            ) from problem
        click.echo(str(path), err=True)


def _this_command() -> str:
    installed = Path(sys.executable).with_name("pyro-cli")
    return str(installed) if installed.exists() else f"{sys.executable} -m pyro_cli"
