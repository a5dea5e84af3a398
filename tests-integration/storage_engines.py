"""The engines that names can be kept in, etcd and PostgreSQL, started for tests on loopback.

They are Debian's packages etcd-server and postgresql; a test whose engine is missing is skipped, and says so.
"""

import contextlib
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

START_S = 30.0


class Etcd:
    """A cluster of etcd members.

    Attributes:
        processes: The members, by number.
        ports: Their ports for clients.
    """

    def __init__(self, folder: Path, members: int = 1) -> None:
        self._program = found("etcd", "etcd-server")
        self._folder = folder
        ports = free_ports(2 * members)
        self.ports, self._peer_ports = ports[:members], ports[members:]
        self.processes: list[subprocess.Popen[bytes]] = []

    @property
    def location(self) -> str:
        """All members, as a storage wants them."""
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def start(self) -> None:
        """Start all members, and wait until they answer."""
        self.processes = [self._started(number) for number in range(len(self.ports))]
        for number, process in enumerate(self.processes):
            wait_until(lambda number=number: self.answers(number), process, self._log(number))  # type: ignore[misc]

    def answers(self, number: int) -> bool:
        """Whether a member does its work."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[number], timeout=5)
        try:
            connection.request("GET", "/health")
            return b'"true"' in connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def leader(self) -> int:
        """Number of the member that leads."""
        for number in range(len(self.ports)):
            connection = http.client.HTTPConnection("127.0.0.1", self.ports[number], timeout=5)
            connection.request("POST", "/v3/maintenance/status", "{}")
            status = json.loads(connection.getresponse().read())
            connection.close()
            if status["leader"] == status["header"]["member_id"]:
                return number
        raise AssertionError("no member leads")

    def kill(self, number: int) -> None:
        """End a member without a warning."""
        self.processes[number].kill()
        self.processes[number].wait()

    def go_on(self, number: int) -> None:
        """Start a killed member again."""
        process = self.processes[number] = self._started(number)
        wait_until(lambda: self.answers(number), process, self._log(number))

    def close(self) -> None:
        """Stop all members."""
        for process in self.processes:
            process.kill()
            process.wait()

    def _log(self, number: int) -> Path:
        return self._folder / f"member{number}.log"

    def _started(self, number: int) -> subprocess.Popen[bytes]:
        peer = f"http://127.0.0.1:{self._peer_ports[number]}"
        client = f"http://127.0.0.1:{self.ports[number]}"
        cluster = [f"m{n}=http://127.0.0.1:{port}" for n, port in enumerate(self._peer_ports)]
        options = {
            "name": f"m{number}",
            "data-dir": str(self._folder / f"member{number}"),
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "initial-cluster": ",".join(cluster),
            "initial-cluster-token": str(self._folder),
        }
        with self._log(number).open("wb") as log:
            return subprocess.Popen(
                [self._program, *(f"--{name}={value}" for name, value in options.items())],
                stdout=log,
                stderr=subprocess.STDOUT,
            )


class Postgres:
    """A PostgreSQL server.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, folder: Path) -> None:
        self._initdb = found("initdb", "postgresql")
        self._program = found("postgres", "postgresql")
        self._folder = folder
        # Not below that folder: an account other than ours may be the one to use it.
        self._data = tempfile.mkdtemp(prefix="pyro-postgres-")
        (self.port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._as: Sequence[str] = ()

    @property
    def location(self) -> str:
        """How to connect, as a storage wants it."""
        return f"postgresql://pyro@127.0.0.1:{self.port}/postgres"

    def schema(self, name: str) -> str:
        """How to connect to a schema of its own, which is made if need be."""
        import psycopg

        with psycopg.connect(self.location, autocommit=True) as db:
            db.execute(f'CREATE SCHEMA IF NOT EXISTS "{name}"'.encode())
        return f"{self.location}?options=-csearch_path%3D{name}"

    def start(self) -> None:
        """Make a database cluster, start the server, and wait until it answers."""
        if os.geteuid() == 0:  # which it refuses to run as
            user = _account("postgres", "nobody")
            self._as = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
            os.chown(self._data, user.pw_uid, user.pw_gid)
        log = self._folder / "log"
        options = ["-U", "pyro", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        make = [self._initdb, "-D", self._data, *options]
        with log.open("wb") as output:
            subprocess.run([*self._as, *make], stdout=output, stderr=output, check=True, cwd="/")
        self.go_on()

    def go_on(self) -> None:
        """Start the server, for the first time or again."""
        log = self._folder / "log"
        options = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": ""}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*self._as, self._program, "-D", self._data, *settings],
                stdout=output,
                stderr=output,
                cwd="/",
            )
        wait_until(self._answers, self._process, log)

    def stop(self) -> None:
        """End the server, and all connections to it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(START_S)

    def close(self) -> None:
        """End the server and forget its data."""
        self.stop()
        shutil.rmtree(self._data)

    def _answers(self) -> bool:
        import psycopg

        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.location):
            return True
        return False


def found(program: str, package: str) -> str:
    """Path of an engine's program; skips the test if there is none."""
    places = [os.environ.get("PATH", ""), *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin")))]
    path = shutil.which(program, path=os.pathsep.join(places))
    if path is None:
        pytest.skip(f"there is no program {program!r} on PATH; Debian's package {package} has it")
    return path


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody uses now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for an engine to answer; fails with its log if it does not."""
    until = time.monotonic() + START_S
    while not condition():
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError(
                f"{process.args} does not answer:\n{log.read_text(errors='replace')[-2000:]}"
            )
        time.sleep(0.05)


@contextlib.contextmanager
def running_etcd(folder: Path, members: int = 1) -> Iterator[Etcd]:
    """A cluster that runs until the end."""
    etcd = Etcd(folder, members)
    try:
        etcd.start()
        yield etcd
    finally:
        etcd.close()


@contextlib.contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    """A server that runs until the end."""
    pytest.importorskip("psycopg", reason="the extra 'postgres' of pyro-nameserver is not installed")
    postgres = Postgres(folder)
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.close()


def _account(*names: str) -> pwd.struct_passwd:
    for name in names:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise AssertionError(f"there is none of the accounts {names} to run PostgreSQL as")
