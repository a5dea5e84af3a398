"""A network of its own for tests that broadcast: no packet leaves it, and nothing outside disturbs it.

Inside are the loopback interface and one Ethernet interface with the address ``ADDRESS`` in a /24.
"""

import functools
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from shutil import which

ADDRESS = "192.0.2.2"
BROADCAST = "192.0.2.255"

# Both ends of the veth pair stay inside; the default route makes "the interface that faces X" have an answer.
_SETUP = f"""
set -e
ip link set lo up
ip link add v0 type veth peer name v1
ip addr add {ADDRESS}/24 brd {BROADCAST} dev v0
ip link set v0 up
ip link set v1 up
ip route add default via 192.0.2.1
[ -z "$1" ] || mount --bind "$1" /etc/hosts
shift
exec "$@"
"""


def inside(command: Sequence[str], *, hosts: Path | None = None) -> list[str]:
    """The command that runs a command in a fresh private network.

    Args:
        command: What to run there.
        hosts: A file to be seen as /etc/hosts there.
    """
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--net", "--mount", *as_root, "sh", "-c", _SETUP, "sh", str(hosts or ""), *command]


@functools.cache
def missing() -> str | None:
    """Why there can be no private network here, as the reason to skip a test; None if there can."""
    for tool in ("unshare", "ip"):
        if which(tool) is None:
            return f"a private network needs the program {tool!r}"
    done = subprocess.run(inside(["true"]), capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        return f"a private network is not allowed here: {done.stderr.strip()}"
    return None
