"""What ``doctor`` finds: each usual mistake, with its next step and its exit code."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pyro_core.errors import CommunicationError, ConnectionRejected
from pyro_core.settings import ClientSettings, Timeouts
from pyro_core.uri import URI

pytest.importorskip("pyro_cli", reason="needs the extra 'cli'")
findings = pytest.importorskip("pyro_client.commands.findings")

QUICK = ClientSettings(
    serializer="plain", timeouts=Timeouts(call_s=0.3, connect_s=0.3), broadcast_addresses=()
)


def found(target: object, settings: ClientSettings = QUICK) -> list[tuple[str, str, int]]:
    """Check, state and exit code of everything that is found about a target."""
    return [(each.check, each.state, each.code) for each in findings.examine(str(target), settings)]


def only(target: object, settings: ClientSettings = QUICK) -> Any:
    (one,) = findings.examine(str(target), settings)
    assert one.next_step
    return one


@contextlib.contextmanager
def listening(answer: bytes | None) -> Iterator[int]:
    """A port on which something answers with these bytes, or with nothing."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def converse() -> None:
            with contextlib.suppress(OSError):
                sock = listener.accept()[0]
                with sock:
                    if answer is not None:
                        sock.recv(1000)
                        sock.sendall(answer)
                    done.wait(10)

        threading.Thread(target=converse, daemon=True).start()
        yield int(listener.getsockname()[1])
        done.set()


def test_what_works_is_ok_and_an_older_server_is_a_warning(server: Any) -> None:
    assert found(server.uri) == [("connection", "ok", 0), ("version", "warning", 0)]
    (_, version) = findings.examine(str(server.uri), QUICK)
    assert version.finding == "the server speaks protocol 502 without extras, as Pyro5 does"
    server.hang_up_on_everybody()
    server.speaks = 48
    (_, version) = findings.examine(str(server.uri_of("other")), QUICK)
    assert "protocol 48 (Pyro4)" in version.finding


def test_nothing_listens(free_port: int, tmp_path: Path) -> None:
    one = only(f"PYRO:x@127.0.0.1:{free_port}")
    assert (one.check, one.state, one.code) == ("connection", "problem", 4)
    assert one.finding == f"nothing listens on 127.0.0.1:{free_port}"
    missing = only(f"PYRO:x@./u:{tmp_path}/s")
    assert (missing.code, missing.finding) == (4, f"nothing listens on the Unix socket {tmp_path}/s")


def test_a_server_that_is_bound_to_localhost_only() -> None:
    with listening(None) as port:
        refused = CommunicationError("refused")
        refused.__cause__ = ConnectionRefusedError()
        address = URI(f"PYRO:x@192.0.2.1:{port}")  # nobody is asked there
        one = findings.not_connected("x", address, QUICK, refused)
    assert f"localhost:{port} is open: a server bound to localhost" in one.finding
    assert "PYRO_HOST" in one.next_step


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]"])
def test_a_host_that_means_all_addresses(host: str) -> None:
    one = only(f"PYRO:x@{host}:4444")
    assert (one.check, one.code) == ("address", 2)
    assert "to a client nothing" in one.finding
    assert "nathost" in one.next_step


def test_a_host_name_that_is_not_known() -> None:
    unknown = CommunicationError("cannot connect")
    unknown.__cause__ = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    one = findings.not_connected("x", URI("PYRO:x@names.invalid:1"), QUICK, unknown)
    assert one.code == 4
    assert one.finding == "the host name 'names.invalid' is not known here (Name or service not known)"


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="full backlogs are silent on Linux only")
def test_what_is_swallowed_as_by_a_firewall() -> None:
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):  # what does not fit any more is dropped without a word
            sock = stack.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        one = only(f"PYRO:x@127.0.0.1:{listener.getsockname()[1]}")
    assert one.code == 4
    assert "does not answer at all" in one.finding
    assert "firewall" in one.next_step


def test_a_server_that_hangs() -> None:
    with listening(None) as port:
        one = only(f"PYRO:x@127.0.0.1:{port}")
    assert one.finding == f"127.0.0.1:{port} accepts connections and then says nothing"
    assert "hangs" in one.next_step


def test_another_program_on_that_port() -> None:
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        one = only(f"PYRO:x@127.0.0.1:{port}")
    assert "is no Pyro server" in one.finding
    assert one.next_step == "check the port"


@pytest.mark.parametrize(
    ("reason", "check", "code"),
    [
        ("message used serializer that is not accepted: 2", "serializer", 5),
        ("unknown object", "object", 3),
        ("not today", "handshake", 5),
    ],
)
def test_refusals_are_told_apart(server: Any, reason: str, check: str, code: int) -> None:
    server.refusal = reason
    server.refuse_in_clients_serializer = True
    one = only(server.uri)
    assert (one.check, one.state, one.code) == (check, "problem", code)


def test_names_that_are_unknown_or_lead_to_one_machine_only(server: Any, free_port: int) -> None:
    settings = replace(QUICK, ns_host="127.0.0.1", ns_port=server.port)
    server.scripts["lookup"] = lambda peer, call: peer.reply(f"PYRO:x@127.0.0.1:{free_port}")
    server.metadata = {"methods": ["lookup"], "oneway": [], "attrs": []}
    assert found("PYRONAME:x", settings) == [
        ("name", "ok", 0),
        ("address", "warning", 0),
        ("connection", "problem", 4),
    ]
    nowhere = replace(settings, ns_port=free_port)
    assert found("PYRONAME:x", nowhere) == [("name", "problem", 4)]


def test_a_refusal_without_a_known_reason_names_it() -> None:
    one = findings.not_connected("x", URI("PYRO:x@h:1"), QUICK, ConnectionRejected("closed on sundays"))
    assert one.finding == "the server refuses this client: closed on sundays"
