"""An etcd of our own, on free ports of this machine, for as long as a ``with`` block lasts."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with ExitStack() as stack:
        socks = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [sock.getsockname()[1] for sock in socks]


@contextmanager
def running_etcd(folder: Path) -> Iterator[str]:
    """Run etcd; gives its address, ``HOST:PORT``.

    Args:
        folder: For its data and its log.

    Raises:
        FileNotFoundError: If it is not installed.
    """
    program = shutil.which("etcd")
    if program is None:
        raise FileNotFoundError("no program 'etcd' on PATH: install it (Debian: apt install etcd-server)")
    port, peer_port = free_ports(2)
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    places = {
        "data-dir": folder / "etcd",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
    }
    command = [program, *(f"--{name}={value}" for name, value in places.items())]
    with (folder / "etcd.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as etcd:
        try:
            yield f"127.0.0.1:{port}"
        finally:
            etcd.terminate()
