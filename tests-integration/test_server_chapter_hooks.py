"""What a daemon of one's own class takes part in. See ``docs/reference/server-chapter.md``."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from chapter_daemons import LOOPBACK, PATIENCE_S

from pyro_client import CommunicationError, Proxy
from pyro_core.context import CallContext, outgoing
from pyro_core.settings import Timeouts
from pyro_server import Daemon, callback, current_call, expose, oneway


class Resource:
    def __init__(self) -> None:
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


@expose
class Thing:
    def __init__(self) -> None:
        self.resources: list[Resource] = []

    def hello(self) -> str:
        return "hello"

    def fail(self) -> None:
        raise LookupError("as expected")

    @oneway
    def fail_unseen(self) -> None:
        raise LookupError("oneway")

    @callback
    def fail_in_callback(self) -> None:
        raise LookupError("callback")

    def open_resources(self) -> None:
        connection = current_call().connection
        self.resources += [Resource(), Resource()]
        for resource in self.resources:
            connection.track_resource(resource)
        connection.untrack_resource(self.resources[1])

    def answer_with(self, text: str) -> None:
        current_call().response_annotations = {"TEXT": text.encode()}

    def told(self) -> str:
        return current_call().annotations["QSTN"].decode()


class Host(Daemon):
    """Writes down what it is told."""

    def __init__(self, servertype: str) -> None:
        quick = replace(Timeouts(), housekeeping_s=0.05)
        super().__init__(replace(LOOPBACK, servertype=servertype, timeouts=quick))
        self.log: list[Any] = []
        self.heard = threading.Condition()

    def note(self, what: Any) -> None:
        with self.heard:
            self.log.append(what)
            self.heard.notify_all()

    def wait_for(self, what: Callable[[list[Any]], Any]) -> Any:
        with self.heard:
            assert self.heard.wait_for(lambda: what(self.log), PATIENCE_S), self.log
            return what(self.log)

    def validate_handshake(self, connection: Any, data: Any) -> Any:
        if data == "stranger":
            raise PermissionError("no strangers, please")
        self.note(("came", connection.peer, data))
        return f"welcome, {data}"

    def client_disconnect(self, connection: Any) -> None:
        self.note(("left", connection.peer, connection.handshake))

    def annotations(self) -> Mapping[str, bytes]:
        return {"HOST": b"of the daemon"}

    def housekeeping(self) -> None:
        self.note("tidied up")

    def call_failed(self, call: CallContext, error: BaseException, *, unseen: bool) -> None:
        self.note((call.object_id, call.method, str(error), unseen))


@pytest.fixture
def thing() -> Thing:
    return Thing()


@pytest.fixture(params=["threaded", "multiplex"])
def host(request: pytest.FixtureRequest, thing: Thing) -> Iterator[Host]:
    with Host(request.param) as host:
        host.register(thing, "thing")
        yield host.start()


@pytest.fixture
def proxy(host: Host) -> Iterator[Proxy]:
    with Proxy(host.uri_for("thing")) as proxy:
        proxy._pyro.handshake = "friend"
        yield proxy


def test_a_daemon_sees_who_comes_and_answers(host: Host, proxy: Proxy) -> None:
    answers: list[Any] = []
    proxy._pyro.validate_handshake = answers.append
    proxy.hello()
    assert answers == ["welcome, friend"]
    ((came, peer, data),) = host.wait_for(lambda log: [entry for entry in log if entry[0] == "came"])
    assert (came, data) == ("came", "friend")
    assert peer.startswith("127.0.0.1:")


def test_it_can_turn_clients_away_with_a_reason(host: Host) -> None:
    with Proxy(host.uri_for("thing")) as proxy:
        proxy._pyro.handshake = "stranger"
        with pytest.raises(CommunicationError, match="no strangers, please"):
            proxy.hello()
        proxy._pyro.handshake = "friend"
        assert proxy.hello() == "hello"


def test_it_hears_of_each_client_that_leaves_once(host: Host, proxy: Proxy) -> None:
    proxy.hello()
    proxy._pyro.release()
    host.wait_for(lambda log: [entry for entry in log if entry[0] == "left"])
    proxy.hello()
    proxy._pyro.release()
    left = host.wait_for(
        lambda log: [e for e in log if e[0] == "left"][1:] and [e for e in log if e[0] == "left"]
    )
    came = [entry for entry in host.log if entry[0] == "came"]
    assert [entry[1:] for entry in left] == [entry[1:] for entry in came]


def test_who_was_turned_away_does_not_leave(host: Host) -> None:
    with Proxy(host.uri_for("thing")) as stranger, Proxy(host.uri_for("thing")) as proxy:
        stranger._pyro.handshake = "stranger"
        with pytest.raises(CommunicationError):
            stranger.hello()
        proxy.hello()
    host.wait_for(lambda log: [entry for entry in log if entry[0] == "left"])
    assert not [entry for entry in host.log if "stranger" in entry]


def test_annotations_of_daemon_and_method_go_along_with_the_answer(proxy: Proxy) -> None:
    with outgoing({"QSTN": b"how are you?"}) as sent:
        assert proxy.told() == "how are you?"
        assert sent.response_annotations == {"HOST": b"of the daemon"}
        proxy.answer_with("fine")
        assert sent.response_annotations == {"HOST": b"of the daemon", "TEXT": b"fine"}


def test_housekeeping_is_done_again_and_again(host: Host) -> None:
    host.wait_for(lambda log: log.count("tidied up") >= 3)


def test_it_hears_of_errors_and_whether_somebody_else_does(host: Host, proxy: Proxy) -> None:
    with pytest.raises(LookupError):
        proxy.fail()
    with pytest.raises(LookupError):
        proxy.fail_in_callback()
    proxy.fail_unseen()
    expected = [
        ("thing", "fail", "as expected", False),
        ("thing", "fail_in_callback", "callback", True),
        ("thing", "fail_unseen", "oneway", True),
    ]
    host.wait_for(lambda log: all(entry in log for entry in expected))


def test_tracked_resources_are_closed_when_the_client_leaves(proxy: Proxy, thing: Thing) -> None:
    proxy.open_resources()
    tracked, untracked = thing.resources
    assert not tracked.closed.is_set()
    proxy._pyro.release()
    assert tracked.closed.wait(PATIENCE_S)
    assert not untracked.closed.is_set()
