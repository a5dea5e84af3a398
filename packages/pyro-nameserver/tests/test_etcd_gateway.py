"""Talking to members of etcd, some of which are not well. Those here are only told what to answer."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pyro_core.errors import NamingError
from pyro_core.testing.clock import FakeClock
from pyro_nameserver.storage import etcd_gateway
from pyro_nameserver.storage.etcd import EtcdStorage, parse_location
from pyro_nameserver.storage.etcd_gateway import EtcdError, EtcdGateway, Member

Script = Callable[[str, dict[str, Any]], tuple[int, Any]]


class FakeMember(ThreadingHTTPServer):
    """Answers what a test says; counts connections and requests."""

    daemon_threads = True

    def __init__(self, script: Script) -> None:
        self.script = script
        self.connections = 0
        self.requests: list[tuple[str, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def member(self) -> Member:
        return Member("127.0.0.1", self.server_address[1], None)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeMember

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, body))
        status, answer = self.server.script(self.path, body)
        if status == 0:  # hang up
            self.close_connection = True
            return
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def start() -> Iterator[Callable[[Script], FakeMember]]:
    members: list[FakeMember] = []

    def start(script: Script) -> FakeMember:
        members.append(FakeMember(script))
        return members[-1]

    yield start
    for member in members:
        member.shutdown()
        member.server_close()


@pytest.fixture
def nobody() -> Member:
    """The address of a member that does not run."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return Member("127.0.0.1", listener.getsockname()[1], None)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(etcd_gateway, "_PAUSES_S", (0.001,))


def fine(path: str, body: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"path": path, **body}


def test_a_request_is_answered_over_a_kept_connection(start: Callable[[Script], FakeMember]) -> None:
    member = start(fine)
    gateway = EtcdGateway([member.member])
    for number in range(3):
        assert gateway.ask("/v3/kv/range", {"key": number}) == (
            {"path": "/v3/kv/range", "key": number},
            False,
        )
    assert member.connections == 1
    gateway.close()


@pytest.mark.parametrize(
    ("answer", "repeated"),
    [
        ((503, {"error": "no leader", "message": "no leader", "code": 14}), True),
        ((200, {"error": {"grpc_code": 14, "message": "no leader"}}), True),
        ((502, b"<html>a proxy</html>"), True),
        ((0, b""), True),
        (None, False),
    ],
    ids=["unavailable", "unavailable in a stream", "no JSON", "hangs up", "does not run"],
)
def test_another_member_is_asked_when_one_cannot_answer(
    start: Callable[[Script], FakeMember], nobody: Member, answer: Any, repeated: bool
) -> None:
    first = nobody if answer is None else start(lambda path, body: answer).member
    second = start(fine)
    gateway = EtcdGateway([first, second.member])
    assert gateway.ask("/v3/kv/range", {}) == ({"path": "/v3/kv/range"}, repeated)
    assert gateway.ask("/v3/kv/range", {}).repeated is False, "it goes on with the one that answered"
    assert len(second.requests) == 2
    gateway.close()


def test_a_refusal_is_an_error_at_once(start: Callable[[Script], FakeMember]) -> None:
    member = start(lambda path, body: (400, {"error": "etcdserver: key is not provided", "code": 3}))
    gateway = EtcdGateway([member.member, member.member])
    with pytest.raises(EtcdError, match="refused a request: etcdserver: key is not provided") as caught:
        gateway.ask("/v3/kv/put", {})
    assert caught.value.code == 3
    assert len(member.requests) == 1
    gateway.close()


def test_when_no_member_answers_the_error_names_all(
    start: Callable[[Script], FakeMember], nobody: Member
) -> None:
    clock = FakeClock()

    def unwell(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        clock.advance(4.0)
        return 503, {"error": "no leader", "code": 14}

    member = start(unwell).member
    gateway = EtcdGateway([nobody, member], deadline_s=10.0, clock=clock)
    with pytest.raises(
        NamingError, match=f"no etcd member answered .*{nobody}: .*refused.*; {member}: no leader"
    ):
        gateway.ask("/v3/kv/range", {})
    assert clock.now == 1012.0
    gateway.close()


def test_closing_ends_an_attempt(nobody: Member) -> None:
    gateway = EtcdGateway([nobody], deadline_s=1e6)
    failed: list[NamingError] = []

    def ask() -> None:
        with pytest.raises(NamingError) as caught:
            gateway.ask("/v3/kv/range", {})
        failed.append(caught.value)

    asking = threading.Thread(target=ask)
    asking.start()
    gateway.close()
    asking.join(10)
    assert len(failed) == 1


@pytest.mark.parametrize(
    ("location", "members", "root"),
    [
        ("a:1", ["a:1"], "/pyro"),
        ("a:1,b:2,[::1]:3/names/mine", ["a:1", "b:2", "::1:3"], "/names/mine"),
        ("http://a:1/", ["a:1"], "/pyro"),
        ("https://a:1,b:2/x", ["a:1", "b:2"], "/x"),
    ],
)
def test_a_location_names_members_and_a_root(location: str, members: list[str], root: str) -> None:
    found, found_root = parse_location(location)
    assert ([str(member) for member in found], found_root) == (members, root)


@pytest.mark.parametrize(
    "location", ["", "a", "a:b", "a:1,b", "ftp://a:1", "a:1?ca=x", "https://a:1?cat=x", "me:pw@a:1", "a:1#x"]
)
def test_what_is_no_location_is_refused(location: str) -> None:
    with pytest.raises(ValueError, match=r"cannot use .*; write HOST:PORT\[,HOST:PORT\.\.\.\]\[/ROOT\]"):
        EtcdStorage.open(location)


def test_a_file_that_is_no_certificate_is_told() -> None:
    with pytest.raises(ValueError, match=r"the etcd storage cannot use 'https://.* \(.*No such file"):
        EtcdStorage.open("https://a:1?ca=/nowhere/ca.pem")


def test_an_entry_of_something_else_is_told(start: Callable[[Script], FakeMember]) -> None:
    def answer(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path == "/v3/kv/range":
            kv = {"key": body["key"], "value": "bm90aGluZw==", "mod_revision": "7"}
            return 200, {"header": {"revision": "7"}, "kvs": [kv]}
        return 200, {"responses": [{"response_range": {"kvs": [{"value": "MTAwMA=="}]}}]}

    with (
        EtcdStorage(EtcdGateway([start(answer).member])) as storage,
        pytest.raises(NamingError, match="holds b'nothing' where an entry of a name server was expected"),
    ):
        storage.find()
