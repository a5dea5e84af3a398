"""Generated files are what their readers take."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pyro_core.errors import SettingsError
from pyro_nameserver.commands.generating import docker, k8s, systemd
from pyro_nameserver.deployment import Place, kubernetes
from pyro_nameserver.deployment import systemd as units

LINTER_S = 60.0


def generated(command: Any, folder: Path, *options: str) -> dict[str, str]:
    result = CliRunner().invoke(command, [*options, "--output", str(folder)])
    assert result.exit_code == 0, result.output
    return {path.name: path.read_text() for path in folder.iterdir()}


def lint(tool: str, *arguments: str, cwd: Path) -> str:
    beside = str(Path(sys.executable).with_name(tool))
    program = shutil.which(tool) or shutil.which(beside)
    if program is None:
        pytest.skip(f"the linter {tool!r} is not installed")
    done = subprocess.run(
        [program, *arguments], cwd=cwd, capture_output=True, text=True, timeout=LINTER_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "options", [[], ["--host", "::", "--config", "/etc/pyro/ns.toml", "--storage", "etcd:http://a:1%2"]]
)
def test_systemd_takes_the_units(options: list[str], tmp_path: Path) -> None:
    files = generated(systemd, tmp_path, *options)
    assert sorted(files) == ["pyro-nameserver.service", "pyro-nameserver.socket"]
    assert lint("systemd-analyze", "verify", *(f"./{name}" for name in files), cwd=tmp_path) == ""


def test_the_service_has_few_rights(tmp_path: Path) -> None:
    """systemd's own judgement; 100 is none of its protections, and above 20 is no praise."""
    generated(systemd, tmp_path)
    lint(
        *("systemd-analyze", "security", "--offline=true", "--threshold=20", "./pyro-nameserver.service"),
        cwd=tmp_path,
    )


@pytest.mark.parametrize(
    ("host", "listen"),
    [
        ("localhost", "127.0.0.1:7"),
        ("::", "7"),
        ("", "7"),
        ("0.0.0.0", "0.0.0.0:7"),
        ("fe80::1", "[fe80::1]:7"),
    ],
)
def test_the_socket_listens_where_it_should(host: str, listen: str) -> None:
    text = units(Place(host=host, port=7), "pyro-cli")["pyro-nameserver.socket"]
    assert f"\nListenStream={listen}\n" in text


def test_the_service_asks_for_readiness_and_signs_of_life() -> None:
    text = units(Place(admin_port=5, storage='a"b%c$d'), "/x/pyro-cli", "/c.toml")["pyro-nameserver.service"]
    lines = text.splitlines()
    assert {"Type=notify", "WatchdogSec=60", "StateDirectory=pyro-nameserver"} <= set(lines)
    assert r'ExecStart=/x/pyro-cli ns serve --admin 5 --config /c.toml --storage "a\"b%%c$$d"' in lines


def test_docker_takes_the_dockerfile(tmp_path: Path) -> None:
    generated(docker, tmp_path)
    lint("hadolint", "Dockerfile", cwd=tmp_path)


def instructions(dockerfile: str) -> Iterator[tuple[str, str]]:
    for line in dockerfile.replace("\\\n", " ").splitlines():
        word, _, rest = line.partition(" ")
        yield word, rest.strip()


def test_the_dockerfile_is_consistent(tmp_path: Path) -> None:
    text = generated(docker, tmp_path, "--port", "7", "--admin-port", "8")["Dockerfile"]
    found = dict(instructions(text))
    assert next(iter(found)) == "FROM"
    assert set(found) <= {
        *("FROM", "RUN", "USER", "WORKDIR", "VOLUME", "ENV", "EXPOSE"),
        *("STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT"),
    }
    assert found["EXPOSE"] == "7 8"
    environ = dict(re.findall(r'(\w+)="?([^\s"]+)"?', found["ENV"]))
    assert environ["PYRO_NS_PORT"] == "7"
    assert environ["PYRO_NS_ADMIN"] == "0.0.0.0:8"
    assert environ["PYRO_NS_STORAGE"].startswith(f"sqlite:{found['VOLUME']}/")
    probe = json.loads(found["HEALTHCHECK"].partition("CMD ")[2])
    assert "127.0.0.1:8/readyz" in probe[-1]
    compile(probe[-1], "probe", "exec")
    assert json.loads(found["ENTRYPOINT"]) == ["pyro-cli", "ns", "serve"]


def test_kubernetes_takes_the_manifests(tmp_path: Path) -> None:
    generated(k8s, tmp_path)
    lint("kubeconform", "-strict", "pyro-nameserver.yaml", cwd=tmp_path)


@pytest.mark.parametrize("storage", ["", "etcd:http://etcd:2379", "postgres:postgresql://me:secret@db/names"])
def test_the_manifests_are_yaml_and_say_what_they_should(storage: str, tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml", reason="reading YAML needs PyYAML")
    text = generated(k8s, tmp_path, "--storage", storage)["pyro-nameserver.yaml"]
    assert list(yaml.safe_load_all(text)) == kubernetes(Place(storage=storage), "pyro-nameserver", "default")


@pytest.mark.parametrize("storage", ["", "etcd:http://etcd:2379"])
def test_probes_ports_and_selectors_agree(storage: str) -> None:
    objects = kubernetes(Place(port=7, admin_port=8, storage=storage), "registry/ns:1", "names", replicas=3)
    by_kind = {item["kind"]: item for item in objects}
    workload = by_kind["Deployment" if storage else "StatefulSet"]["spec"]
    pod = workload["template"]["spec"]
    (container,) = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"pyro": 7, "admin": 8}
    probes = {name: container[name]["httpGet"] for name in container if name.endswith("Probe")}
    assert {probe["port"] for probe in probes.values()} == {"admin"}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startupProbe": "/readyz",
        "livenessProbe": "/livez",
        "readinessProbe": "/readyz",
    }
    labels = workload["template"]["metadata"]["labels"]
    assert workload["selector"]["matchLabels"] == labels == by_kind["Service"]["spec"]["selector"]
    (port,) = by_kind["Service"]["spec"]["ports"]
    assert port["targetPort"] in ports
    environ = by_kind["Secret"]["stringData"]
    assert all(isinstance(value, str) for value in environ.values())
    assert (environ["PYRO_NS_PORT"], environ["PYRO_NS_ADMIN"]) == ("7", "0.0.0.0:8")
    assert environ["PYRO_NATHOST"] == "pyro-nameserver.names.svc"
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    claimed = {claim["metadata"]["name"] for claim in workload.get("volumeClaimTemplates", [])}
    assert mounted == {volume["name"] for volume in pod["volumes"]} | claimed
    assert workload["replicas"] == (3 if storage else 1)
    assert {item["metadata"]["namespace"] for item in objects} == {"names"}


def test_a_storage_that_pods_cannot_share_is_refused() -> None:
    result = CliRunner().invoke(k8s, ["--storage", "sqlite:/x"])
    assert result.exit_code == 2
    assert "give etcd:... or postgres:..." in result.output


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(docker, ["--output", str(tmp_path / "none")])
    assert isinstance(result.exception, SettingsError)
    assert "name another folder with --output" in str(result.exception)


def test_without_a_folder_the_files_are_printed() -> None:
    result = CliRunner().invoke(systemd, [])
    assert result.output.startswith("# pyro-nameserver.service\n[Unit]\n")
    assert "# pyro-nameserver.socket\n[Unit]\n" in result.output
