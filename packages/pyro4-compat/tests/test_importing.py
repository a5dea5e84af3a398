"""What importing costs, and that nothing is missing for it."""

import subprocess
import sys

HEAVY = {
    "asyncio",
    "hashlib",
    "importlib.metadata",
    "json",
    "pyro_flame",
    "pyro_nameserver",
    "pyro_serializers",
    "sqlite3",
    "ssl",
    "subprocess",
}


def run(code: str) -> None:
    """Run it in a new process, as a program would."""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_importing_loads_nothing_heavy() -> None:
    run(f"import sys, Pyro4\nfound = {HEAVY} & set(sys.modules)\nassert not found, found")


def test_a_server_without_coroutines_loads_neither_asyncio_nor_ssl() -> None:
    run(
        "import sys, threading, Pyro4\n"
        "@Pyro4.expose\n"
        "class Thing:\n"
        "    def twice(self, number): return number * 2\n"
        "daemon = Pyro4.Daemon()\n"
        "threading.Thread(target=daemon.requestLoop, daemon=True).start()\n"
        "with Pyro4.Proxy(daemon.register(Thing)) as thing:\n"
        "    assert thing.twice(21) == 42\n"
        "daemon.shutdown()\n"
        "assert not {'asyncio', 'ssl'} & set(sys.modules)"
    )


def test_what_comes_late_is_there_when_somebody_looks() -> None:
    run(
        "import Pyro4\n"
        "assert Pyro4.naming.startNS.__module__ == 'Pyro4.naming'\n"
        "assert Pyro4.socketutil.ssl.SSLContext\n"
        "assert not hasattr(Pyro4, 'nameing') and not hasattr(Pyro4.socketutil, 'sll')\n"
        "from Pyro4 import *\n"
        "assert locateNS is Pyro4.core.locateNS and util is Pyro4.util and Daemon is Pyro4.Daemon"
    )
