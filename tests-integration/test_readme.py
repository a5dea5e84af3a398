"""The README's program is run as it stands there."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import processes
import pytest
from warm_python import WarmPython, warm_python

from pyro_core.testing.certificates import Authority, have_openssl

ROOT = Path(__file__).parent.parent


def blocks() -> dict[str, str]:
    """Name in the fence -> code."""
    text = (ROOT / "README.md").read_text(encoding="utf8")
    return dict(re.findall(r"^```python (\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def test_the_server_and_the_client_of_the_readme_greet_each_other(tmp_path: Path) -> None:
    for name, code in blocks().items():
        (tmp_path / f"{name}.py").write_text(code, encoding="utf8")
    ns_command = [sys.executable, "-m", "pyro_cli", "ns", "serve", "--port", "0", "--nobc"]
    with processes.running(ns_command) as name_server:
        location = processes.wait_for(name_server, "PYRO:Pyro.NameServer@").rpartition("@")[2]
        host, _, port = location.rpartition(":")
        env = {"PYRO_NS_HOST": host, "PYRO_NS_PORT": port}
        with processes.running([sys.executable, str(tmp_path / "server.py")], env=env) as server:
            processes.wait_for(server, "running")
            client = processes.run([sys.executable, tmp_path / "client.py"], env=env)
            assert client.stdout == "Hello, world!\n"
            called = processes.run(
                [sys.executable, "-m", "pyro_cli", "call", "PYRONAME:greeter", "greet", "you"], env=env
            )
            assert called.stdout == "Hello, you!\n"


def test_every_code_block_is_one_that_a_test_runs() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf8")
    assert set(re.findall(r"^```python ?(\w*)$", text, re.MULTILINE)) == set(blocks()) == {"server", "client"}


def test_the_daemon_of_the_security_page_starts_as_it_is_written(tmp_path: Path) -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    if not have_openssl():
        pytest.skip("makes a certificate with openssl")
    Authority(tmp_path).issue("server")
    (tmp_path / "tokens.toml").write_text('anna = "a secret of a good length"\n', encoding="utf8")
    assert 'host="0.0.0.0"' in code  # tests stay on this machine
    program = code.replace("0.0.0.0", "127.0.0.1")
    program += "daemon.start()\nprint(daemon.health().state)\ndaemon.close()\n"
    (tmp_path / "program.py").write_text(program, encoding="utf8")
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (0, "serving\n"), done.stderr


def test_the_server_and_the_client_of_flame_are_as_they_are_written(tmp_path: Path) -> None:
    text = (ROOT / "packages/pyro-flame/README.md").read_text(encoding="utf8")
    (server,) = re.findall(r"^```python server\n(.*?)^```$", text, re.M | re.S)
    (client,) = re.findall(r"^```python client\n(.*?)^```$", text, re.M | re.S)
    (tmp_path / "hostname").write_text("here\n", encoding="utf8")
    program = server.replace("port=4444", "port=0").replace('"/etc"', f'"{tmp_path}"')
    program = program.replace("    daemon.req", "    print(daemon.location, flush=True)\n    daemon.req")
    (tmp_path / "server.py").write_text(program, encoding="utf8")
    with processes.running([sys.executable, str(tmp_path / "server.py")]) as running:
        location = processes.wait_for(running, "localhost:").strip()
        asking = client.replace("localhost:4444", location).replace("/etc", str(tmp_path))
        (tmp_path / "client.py").write_text(asking, encoding="utf8")
        printed = processes.run([sys.executable, tmp_path / "client.py"]).stdout
    assert printed.splitlines()[1] == repr(b"here\n")


PROGRAMS = [
    pytest.param(code, id=f"{path.relative_to(ROOT)}-{number}")
    for path in sorted(
        [*ROOT.glob("packages/*/README.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")]
    )
    for number, code in enumerate(
        re.findall(r"^```python\n(.*?)^```$", path.read_text(encoding="utf8"), re.M | re.S)
    )
]


@pytest.fixture(scope="module")
def python() -> Iterator[WarmPython]:
    with warm_python() as python:
        yield python


@pytest.mark.parametrize("code", PROGRAMS)
def test_every_program_in_the_other_texts_runs_as_it_stands(
    code: str, tmp_path: Path, python: WarmPython
) -> None:
    program = tmp_path / "program.py"
    program.write_text(code, encoding="utf8")
    python.run(program)
