"""Files that run a name server as a service: for systemd, Docker and Kubernetes."""

from dataclasses import dataclass
from typing import Any, Final

from pyro_nameserver.__about__ import __version__

NAME: Final = "pyro-nameserver"
STATE: Final = f"/var/lib/{NAME}"
"""Where containers keep names; systemd gives a service a folder of that name."""
USER_ID: Final = 10001
STOP_S: Final = 30
"""How long a stop may take: longer than the name server waits for calls that run."""
_SHARED: Final = ("etcd", "postgres")
"""Storages that several name servers can use at once, on several machines."""

_SERVICE: Final = """\
[Unit]
Description=Pyro name server
Requires={name}.socket
Wants=network-online.target
After={name}.socket network-online.target

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=1
WatchdogSec=60
TimeoutStopSec={stop_s}
LimitNOFILE=16384
Environment=PYTHONUNBUFFERED=1

# Names are kept in /var/lib/{name}, unless the configuration says otherwise.
DynamicUser=yes
StateDirectory={name}
StateDirectoryMode=0700
UMask=0077

CapabilityBoundingSet=
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=read-only
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
Also={name}.socket
"""
_SOCKET: Final = """\
[Unit]
Description=Socket of the Pyro name server

[Socket]
ListenStream={listen}
Backlog=1024

[Install]
WantedBy=sockets.target
"""
_DOCKERFILE: Final = """\
FROM python:3.13-slim
RUN pip install --no-cache-dir '{requirement}' \\
    && useradd --system --uid {user_id} --home-dir {state} --create-home pyro
USER {user_id}
WORKDIR {state}
VOLUME {state}
ENV PYTHONUNBUFFERED=1 \\
    PYRO_HOST=0.0.0.0 \\
    PYRO_NS_PORT={port} \\
    PYRO_NS_STORAGE={storage} \\
    PYRO_NS_BROADCAST=off \\
    PYRO_NS_ADMIN=0.0.0.0:{admin_port} \\
    PYRO_NS_LOG_FORMAT=json
EXPOSE {port} {admin_port}
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \\
    CMD ["python", "-c", \\
    "import urllib.request as r; r.urlopen('http://127.0.0.1:{admin_port}/readyz', timeout=4)"]
ENTRYPOINT ["pyro-cli", "ns", "serve"]
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the files are made for.

    Attributes:
        host: Where to listen, for systemd.
        port: TCP port.
        admin_port: TCP port of probes and figures.
        storage: Where names are kept; empty for a sqlite file in the folder of the service.
    """

    host: str = "localhost"
    port: int = 9090
    admin_port: int = 9099
    storage: str = ""

    @property
    def is_shared(self) -> bool:
        """Whether several name servers can use the storage."""
        return self.storage.partition(":")[0] in _SHARED

    @property
    def container_storage(self) -> str:
        """The storage in a container."""
        return self.storage or f"sqlite:{STATE}/names.sqlite"


def systemd(place: Place, command: str, config: str = "") -> dict[str, str]:
    """The units for systemd: file name -> text.

    Args:
        place: Where it listens and so on.
        command: The ``pyro-cli`` command, with its full path.
        config: Path of the TOML file; empty for none.
    """
    words = [command, "ns", "serve", f"--admin {place.admin_port}"]
    words += [f"--config {config}"] if config else []
    words += [f"--storage {_escaped(place.storage)}"] if place.storage else []
    service = _SERVICE.format(command=" ".join(words), stop_s=STOP_S, name=NAME)
    return {
        f"{NAME}.service": service,
        f"{NAME}.socket": _SOCKET.format(listen=_listen(place.host, place.port)),
    }


def dockerfile(place: Place) -> str:
    """A Dockerfile; its container listens on all of its interfaces, and answers no broadcasts."""
    extra = "[postgres]" if place.storage.startswith("postgres") else ""
    return _DOCKERFILE.format(
        requirement=f"{NAME}{extra}=={__version__}",
        user_id=USER_ID,
        state=STATE,
        port=place.port,
        storage=f'"{place.container_storage}"',
        admin_port=place.admin_port,
    )


def kubernetes(place: Place, image: str, namespace: str, replicas: int = 2) -> list[dict[str, Any]]:
    """Manifests for Kubernetes.

    With a storage that can be shared it is a Deployment, which can be scaled; else a StatefulSet of one, with
    a volume for the file.

    Args:
        place: The ports and the storage.
        image: Of the container; see ``dockerfile``.
        namespace: Where to put everything.
        replicas: How many name servers, if the storage can be shared.
    """
    labels = {"app.kubernetes.io/name": NAME}
    settings = {
        "PYRO_NATHOST": f"{NAME}.{namespace}.svc",
        "PYRO_NATPORT": str(place.port),
        "PYRO_NS_PORT": str(place.port),
        "PYRO_NS_ADMIN": f"0.0.0.0:{place.admin_port}",
        "PYRO_NS_STORAGE": place.container_storage,
    }
    objects: list[dict[str, Any]] = [
        # The storage may hold a password.
        {**_head("v1", "Secret", namespace, labels), "type": "Opaque", "stringData": settings},
        {
            **_head("v1", "Service", namespace, labels),
            "spec": {
                "selector": labels,
                "ports": [{"name": "pyro", "port": place.port, "targetPort": "pyro"}],
            },
        },
    ]
    template = {"metadata": {"labels": labels}, "spec": _pod(place, image)}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    if place.is_shared:
        objects.append(
            {**_head("apps/v1", "Deployment", namespace, labels), "spec": {"replicas": replicas, **spec}}
        )
        budget = {"minAvailable": 1, "selector": {"matchLabels": labels}}
        objects.append({**_head("policy/v1", "PodDisruptionBudget", namespace, labels), "spec": budget})
        return objects
    claim = {
        "metadata": {"name": "names"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    one = {"serviceName": NAME, "replicas": 1, **spec, "volumeClaimTemplates": [claim]}
    objects.append({**_head("apps/v1", "StatefulSet", namespace, labels), "spec": one})
    return objects


def _pod(place: Place, image: str) -> dict[str, Any]:
    mounts = [{"name": "tmp", "mountPath": "/tmp"}]
    if not place.is_shared:
        mounts.append({"name": "names", "mountPath": STATE})
    container = {
        "name": NAME,
        "image": image,
        "envFrom": [{"secretRef": {"name": NAME}}],
        "ports": [
            {"name": "pyro", "containerPort": place.port},
            {"name": "admin", "containerPort": place.admin_port},
        ],
        "startupProbe": {**_probe("/readyz"), "periodSeconds": 1, "failureThreshold": 60},
        "livenessProbe": {**_probe("/livez"), "periodSeconds": 10, "failureThreshold": 3},
        "readinessProbe": {**_probe("/readyz"), "periodSeconds": 5, "failureThreshold": 2},
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts,
    }
    return {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": STOP_S,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER_ID,
            "runAsGroup": USER_ID,
            "fsGroup": USER_ID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }


def _probe(path: str) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": "admin"}, "timeoutSeconds": 5}


def _head(version: str, kind: str, namespace: str, labels: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": NAME, "namespace": namespace, "labels": labels}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _listen(host: str, port: int) -> str:
    if host in ("", "::"):
        return str(port)  # all interfaces, both families
    if host == "localhost":
        host = "127.0.0.1"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _escaped(word: str) -> str:
    """A word of a command line in a unit."""
    safe = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{safe}"'
