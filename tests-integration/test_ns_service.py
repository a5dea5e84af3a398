"""``pyro-cli ns serve`` as a service manager runs it: real processes, signals and sockets."""

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import processes
import pytest

from pyro_client import Proxy
from pyro_core.errors import CommunicationError
from pyro_core.uri import URI

CLI = [sys.executable, "-m", "pyro_cli"]
SERVE = [*CLI, "ns", "serve", "--host", "127.0.0.1", "--port", "0", "--nobc"]
HERE = "PYRO:obj@localhost:4444"
WITH_ERRORS = ["sh", "-c", 'exec "$@" 2>&1', "sh"]
"""Runs a command whose errors are part of its output."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="services of systems with signals and sh")


def uri_of(process: subprocess.Popen[str]) -> URI:
    return URI(processes.wait_for(process, "URI = ").removeprefix("URI = "))


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=processes.PATIENCE_S) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, problem.read().decode()


def wait_until_answered(url: str, answer: tuple[int, str]) -> None:
    pause = Event()
    for _ in range(1000):
        if get(url) == answer:
            return
        pause.wait(0.01)
    raise AssertionError(f"{url} never answered {answer}")


# ---- stopping


@pytest.fixture
def slow() -> Iterator[tuple[subprocess.Popen[str], URI, str]]:
    """A name server in which a registration waits, its address, and that of its probes."""
    script = str(processes.PEERS / "slow_storage_service.py")
    options = ["--host", "127.0.0.1", "--port", "0", "--nobc", "--admin", "0"]
    with processes.running([sys.executable, script, *options]) as process:
        probes = processes.wait_for(process, "Probes").rpartition(" ")[2].rstrip(".")
        yield process, uri_of(process), probes


def test_sigterm_lets_a_call_finish_and_takes_no_new_ones(
    slow: tuple[subprocess.Popen[str], URI, str],
) -> None:
    process, uri, probes = slow
    with ThreadPoolExecutor(1) as pool, Proxy(uri) as remote:
        registered = pool.submit(remote.register, "a", HERE, False, None, 60, "me")
        processes.wait_for(process, "changing")
        assert get(f"{probes}/readyz") == (200, "ok\n")
        process.send_signal(signal.SIGTERM)
        wait_until_answered(f"{probes}/readyz", (503, "stopping\n"))
        assert get(f"{probes}/livez") == (200, "ok\n")
        with pytest.raises(CommunicationError), Proxy(uri) as another:
            another.ping()
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert registered.result(processes.PATIENCE_S) == "me"
    assert process.wait(processes.PATIENCE_S) == 0


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_everything_at_once(
    slow: tuple[subprocess.Popen[str], URI, str], sign: signal.Signals
) -> None:
    process, uri, probes = slow
    with ThreadPoolExecutor(1) as pool, Proxy(uri) as remote:
        registered = pool.submit(remote.register, "a", HERE)
        processes.wait_for(process, "changing")
        process.send_signal(sign)
        wait_until_answered(f"{probes}/readyz", (503, "stopping\n"))
        process.send_signal(sign)
        assert isinstance(registered.exception(processes.PATIENCE_S), CommunicationError)
    assert process.wait(processes.PATIENCE_S) == (-sign if sign is signal.SIGTERM else 130)


# ---- the service manager


@contextmanager
def notified(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(processes.PATIENCE_S)
        sock.bind(str(path))
        yield sock


def await_state(sock: socket.socket, state: str) -> list[str]:
    """The notification that has a line, without those before it."""
    while True:
        lines = sock.recv(1000).decode().splitlines()
        if state in lines:
            return lines


def test_the_service_manager_is_told_of_readiness_life_reloading_and_the_end(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    env = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "60000"}
    with notified(path) as sock, processes.running(SERVE, env=env) as process:
        ready = await_state(sock, "READY=1")
        location = uri_of(process).location
        assert ready == ["READY=1", f"STATUS=serving on {location}"]
        await_state(sock, "WATCHDOG=1")
        await_state(sock, "WATCHDOG=1")
        process.send_signal(signal.SIGHUP)
        reloading = await_state(sock, "RELOADING=1")
        assert reloading[1].startswith("MONOTONIC_USEC=")
        assert await_state(sock, "READY=1") == ["READY=1"]
        process.send_signal(signal.SIGTERM)
        assert await_state(sock, "STOPPING=1")
        assert process.wait(processes.PATIENCE_S) == 0


def activated(command: Sequence[str], listener: socket.socket) -> list[str]:
    """The command that gives a command a listening socket, as a service manager does."""
    script = (
        f"import os, sys; os.dup2({listener.fileno()}, 3);"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1'); os.execv(sys.argv[1], sys.argv[1:])"
    )
    return [sys.executable, "-c", script, *command]


def counted(nameserver: Proxy) -> int:
    """How many names there are; connects in the thread that calls this."""
    count: int = nameserver.count()
    return count


@pytest.mark.parametrize("family", ["tcp", "unix"])
def test_sockets_of_a_service_manager_are_served_also_who_came_before(family: str, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET if family == "tcp" else socket.AF_UNIX) as listener:
        listener.bind(("127.0.0.1", 0) if family == "tcp" else str(tmp_path / "sock"))
        listener.listen()
        name = listener.getsockname()
        place = f"./u:{name}" if family == "unix" else f"{name[0]}:{name[1]}"
        with ThreadPoolExecutor(1) as pool, Proxy(f"PYRO:Pyro.NameServer@{place}") as early:
            answered = pool.submit(counted, early)  # nobody serves yet
            process = subprocess.Popen(
                activated(SERVE, listener),
                stdout=subprocess.PIPE,
                text=True,
                env=processes.environment(),
                pass_fds=[listener.fileno()],
            )
            with process:
                try:
                    assert str(uri_of(process)) == f"PYRO:Pyro.NameServer@{place}"
                    assert answered.result(processes.PATIENCE_S) == 1
                finally:
                    process.terminate()
                assert process.wait(processes.PATIENCE_S) == 0
        if family == "unix":
            assert Path(name).is_socket(), "the file is the service manager's"


# ---- configuration


def test_sighup_brings_into_force_what_can_be_and_tells_what_cannot(tmp_path: Path) -> None:
    file = tmp_path / "ns.toml"
    file.write_text("[nameserver]\nautoclean_s = 0\n")
    command = [*WITH_ERRORS, *SERVE, "--config", str(file)]
    with processes.running(command) as process:
        uri = uri_of(process)
        file.write_text('[nameserver]\nregister_tokens = ["secret"]\nstorage = "sqlite:other"\n')
        process.send_signal(signal.SIGHUP)
        line = processes.wait_for(process, "reloaded")
        assert line.endswith("reloaded; these changes need a restart: storage")
        with Proxy(uri) as remote, pytest.raises(Exception, match="changing names takes the role 'register'"):
            remote.register("a", HERE)
        file.write_text("[nameserver]\nautoclaen_s = 1\n")
        process.send_signal(signal.SIGHUP)
        line = processes.wait_for(process, "not reloaded")
        assert "unknown setting 'autoclaen_s'" in line
        assert "did you mean 'autoclean_s'" in line
        with Proxy(uri) as remote:
            remote.ping()


def test_options_go_before_variables_and_those_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "ns.toml"
    file.write_text(
        f'[nameserver]\nhost = "127.0.0.1"\nport = 1\nstorage = "sqlite:{tmp_path / "a"}"\nadmin = "0"\n'
    )
    env = {"PYRO_NS_CONFIG": str(file), "PYRO_NS_PORT": "2", "PYRO_NS_STORAGE": f"sqlite:{tmp_path / 'b'}"}
    with processes.running([*CLI, "ns", "serve", "--port", "0", "--nobc"], env=env) as process:
        head = processes.wait_for(process, "Name server on")
        assert head.startswith("Name server on 127.0.0.1:")
        assert head.endswith(f"names in sqlite:{tmp_path / 'b'}.")
        probes = processes.wait_for(process, "Probes").rpartition(" ")[2].rstrip(".")
        assert uri_of(process).port not in (1, 2)
        assert get(f"{probes}/readyz")[0] == 200
    assert not (tmp_path / "a").exists()


def test_a_service_with_a_state_directory_keeps_names_there(tmp_path: Path) -> None:
    env = {"STATE_DIRECTORY": str(tmp_path)}
    for expected in (1, 2):
        with processes.running(SERVE, env=env) as process, Proxy(uri_of(process)) as remote:
            assert remote.count() == expected
            remote.register("kept", HERE)
    assert (tmp_path / "names.sqlite").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["--config", "none.toml"], 2, "cannot read the configuration none.toml"),
        (["--storage", "bogus"], 2, "invalid storage type 'bogus'"),
        (["--admin", "x"], 2, "admin = 'x' cannot be used"),
        (["--storage", "sqlite:/none/names"], 1, "cannot open the name storage '/none/names'"),
        (["--log-format", "xml"], 2, "'xml' is not one of"),
    ],
)
def test_what_prevents_a_start_is_one_line_and_a_code(arguments: list[str], code: int, problem: str) -> None:
    done = processes.run([*SERVE, *arguments], check=False)
    assert done.returncode == code
    assert problem in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_json_logs_are_one_object_a_line_from_the_first_on(tmp_path: Path) -> None:
    command = [
        *WITH_ERRORS,
        *SERVE,
        "--log-format",
        "json",
        "--admin",
        "0",
        "--storage",
        f"sqlite:{tmp_path / 'n'}",
    ]
    with processes.running(command) as process:
        ready = json.loads(processes.wait_for(process, "name server ready"))
        assert (ready["level"], ready["logger"]) == ("info", "pyro_nameserver.supervisor")
        assert get(f"{ready['probes']}/livez") == (200, "ok\n")
        with Proxy(ready["uri"]) as remote:
            remote.ping()
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
    messages = [json.loads(line)["message"] for line in lines if line != "Name server stopped."]
    assert messages[-1] == "stopped"


def test_readiness_follows_the_storage(tmp_path: Path) -> None:
    """A storage that is gone makes it unready, not dead: a restart would not help."""
    with processes.running([*SERVE, "--admin", "0", "--storage", f"sqlite:{tmp_path / 'names'}"]) as process:
        probes = processes.wait_for(process, "Probes").rpartition(" ")[2].rstrip(".")
        status, text = get(f"{probes}/metrics")
        assert status == 200
        assert "pyro_ns_names 0" in text.splitlines()
        assert get(f"{probes}/nothing")[0] == 404
