"""What a client may do is asked before anything is done."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from pyro_core.errors import DaemonError, PyroError, SecurityError
from pyro_core.identity import Access, Decision, Principal
from pyro_core.names import BATCH_METHOD, DAEMON_ID, GET_ATTRIBUTE, SET_ATTRIBUTE
from pyro_core.wire.message import BATCH
from pyro_server import AllowMethods, Anonymous, Daemon, HandshakeHook, behavior, expose, oneway

made: list[object] = []


@expose
class Till:
    def __init__(self) -> None:
        self.done: list[str] = []
        self._price = 1

    def total(self) -> int:
        self.done.append("total")
        return 42

    def close(self) -> None:
        self.done.append("close")

    @oneway
    def ring(self) -> None:
        self.done.append("ring")

    @property
    def price(self) -> int:
        self.done.append("get")
        return self._price

    @price.setter
    def price(self, value: int) -> None:
        self.done.append("set")
        self._price = value

    def items(self) -> Iterator[int]:
        yield from range(3)

    async def later(self) -> int:
        return 1


@expose
@behavior(instance_mode="session")
class Made:
    def __init__(self) -> None:
        made.append(self)

    def use(self) -> None: ...


class Recording:
    """Allows what it is told, and remembers what it was asked."""

    def __init__(self, *allowed: str, lasting: bool = False) -> None:
        self.allowed = allowed
        self.asked: list[tuple[str, str, str, str]] = []
        self.lasting = lasting

    def authorize(self, principal: Principal, object_id: str, name: str, access: Access) -> Decision:
        self.asked.append((principal.name, object_id, name, access))
        return Decision(access == "describe" or name in self.allowed, "because", self.lasting)


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def client(connect: Any, make_daemon: Any, till: Till) -> Any:
    table = AllowMethods({"*": {"thing": ["total", "items"]}})
    return connect(till, make_daemon(authorize=table))


def denied(action: Any, match: str = "not authorized") -> None:
    with pytest.raises(SecurityError, match=match):
        action()


def test_a_denied_call_is_a_clear_error_and_the_connection_lives(client: Any, till: Till) -> None:
    with pytest.raises(SecurityError) as caught:
        client.call("close")
    assert str(caught.value) == (
        "not authorized: anonymous may not call 'close' of 'thing' here; "
        "say who you are, for example with proxy._pyro.token = TEXT"
    )
    assert client.call("total") == 42
    assert till.done == ["total"]
    assert not client.engine.closing


def test_attributes_are_asked_about(client: Any, till: Till) -> None:
    denied(lambda: client.call(GET_ATTRIBUTE, "price"), "may not get 'price' of 'thing'")
    denied(lambda: client.call(SET_ATTRIBUTE, "price", 5), "may not set 'price' of 'thing'")
    assert till.done == []


def test_who_may_read_need_not_be_able_to_write(connect: Any, make_daemon: Any, till: Till) -> None:
    client = connect(till, make_daemon(authorize=AllowMethods({"*": {"thing": ["price"]}})))
    assert client.call(GET_ATTRIBUTE, "price") == 1
    denied(lambda: client.call(SET_ATTRIBUTE, "price", 5))
    assert till.done == ["get"]


@pytest.mark.parametrize("arguments", [[], [5], [None, 1], [[]]])
def test_attributes_without_a_proper_name_are_not_allowed(client: Any, arguments: list[Any]) -> None:
    for method in (GET_ATTRIBUTE, SET_ATTRIBUTE):
        denied(lambda method=method: client.call(method, *arguments))


def test_of_a_batch_each_call_is_asked_about_before_the_first_runs(client: Any, till: Till) -> None:
    denied(lambda: client.batch(("total", (), {}), ("close", (), {})))
    assert till.done == []
    assert client.batch(("total", (), {}), ("total", (), {})) == [42, 42]
    denied(lambda: client.batch(("total", (), {}), (GET_ATTRIBUTE, ("price",), {})))
    with pytest.raises(PyroError, match="a call in a batch"):
        client.batch(("total", (), {}), ("total",))


def test_a_oneway_call_is_asked_about(client: Any, till: Till, caplog: pytest.LogCaptureFixture) -> None:
    client.oneway("ring")
    assert till.done == []
    assert "denied: principal='anonymous'" in caplog.text


def test_an_asynchronous_method_is_asked_about(connect: Any, make_daemon: Any, till: Till) -> None:
    client = connect(till, make_daemon(authorize=Recording("total")))
    denied(lambda: client.call("later"))
    client = connect(till, make_daemon(authorize=Recording("later")))
    assert client.call("later") == 1


def test_a_refusal_runs_none_of_the_users_code(make_daemon: Any, connect: Any) -> None:
    daemon: Daemon = make_daemon(authorize=Recording())
    daemon.register(Made, "thing")
    client = connect(Made, daemon)
    denied(lambda: client.call("use"))
    denied(lambda: client.batch(("use", (), {})))
    assert not made


def test_who_may_not_use_an_object_does_not_learn_whether_there_is_one(client: Any, caller: Any) -> None:
    client.daemon.register(Till(), "hidden")
    for object_id in ("hidden", "nothing"):
        for attempt in (
            lambda object_id=object_id: client.value(client.invoke("total", object_id=object_id)),
            lambda object_id=object_id: client.ask_daemon("get_metadata", object_id),
            lambda object_id=object_id: client.ask_daemon("describe_members", object_id),
            lambda object_id=object_id: client.value(
                client.invoke(BATCH_METHOD, [], None, object_id=object_id, flags=BATCH)
            ),
        ):
            denied(attempt, object_id)
        refusal = caller(client.daemon).connect(object_id)
        assert refusal.startswith(f"not authorized: anonymous may not use '{object_id}' here; say who")


def test_of_the_daemon_itself_everybody_may_ask_what_a_proxy_needs(client: Any) -> None:
    assert client.ask_daemon("ping") is None
    assert "total" in client.ask_daemon("get_metadata", "thing", True)["methods"]
    assert "methods" in client.ask_daemon("describe_members", "thing")
    for curious in ("registered", "info"):
        denied(
            lambda curious=curious: client.ask_daemon(curious), f"may not call '{curious}' of 'Pyro.Daemon'"
        )


def test_more_of_the_daemon_can_be_allowed(make_daemon: Any, connect: Any, till: Till) -> None:
    table = AllowMethods({"*": {"thing": ["total"], DAEMON_ID: ["registered"]}})
    assert set(connect(till, make_daemon(authorize=table)).ask_daemon("registered")) == {"thing", DAEMON_ID}


def test_the_name_of_an_objects_argument_does_not_matter(client: Any) -> None:
    client.daemon.register(Till(), "hidden")
    denied(
        lambda: client.value(client.invoke("get_metadata", (), {"objectId": "hidden"}, object_id=DAEMON_ID))
    )


def test_a_stream_is_its_clients_and_nobody_elses(
    make_daemon: Any, connect: Any, till: Till, caller: Any
) -> None:
    names = HandshakeHook(lambda said: said if said in ("anna", "ben") else None)
    daemon = make_daemon(
        authenticate=[names, Anonymous()], authorize=AllowMethods({"*": {"thing": ["items"]}})
    )
    daemon.register(till, "thing")
    anna = caller(daemon)
    anna.connect(handshake="anna")
    reply = anna.invoke("items")
    stream_id = bytes(reply.annotations["STRM"]).decode()
    assert anna.ask_daemon("get_next_stream_item", stream_id) == 0
    anna.close()  # the stream lingers
    ben, again = caller(daemon), caller(daemon)
    ben.connect(handshake="ben")
    again.connect(handshake="anna")
    with pytest.raises(PyroError, match="belongs to somebody else"):
        ben.ask_daemon("get_next_stream_item", stream_id)
    assert again.ask_daemon("get_next_stream_item", stream_id) == 1


def test_decisions_that_last_are_remembered_for_the_connection_and_no_others(
    make_daemon: Any, connect: Any, till: Till, caller: Any
) -> None:
    for lasting, times in ((True, 1), (False, 3)):
        asked = Recording("total", lasting=lasting)
        daemon = make_daemon(authorize=asked)
        client = connect(Till(), daemon)
        for _ in range(3):
            client.call("total")
            denied(lambda client=client: client.call("close"))
        names = [name for _, _, name, _ in asked.asked]
        assert names.count("total") == times
        assert names.count("close") == 3
        other = caller(daemon)
        other.connect()
        other.call("total")
        assert [name for _, _, name, _ in asked.asked].count("total") == times + 1


def test_what_is_remembered_has_a_limit(make_daemon: Any, connect: Any, till: Till) -> None:
    client = connect(till, make_daemon(authorize=AllowMethods({"*": {"*": ["*"]}})))
    for number in range(1100):
        with pytest.raises(DaemonError):
            client.value(client.invoke("x", object_id=str(number)))
    assert len(client.engine.connection.allowed) == 1000
    assert client.call("total") == 42


@pytest.mark.parametrize("answer", [None, True, "yes", KeyError("hidden"), SecurityError("told")])
def test_an_authorizer_that_fails_allows_nothing(
    make_daemon: Any, connect: Any, till: Till, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd:
        def authorize(self, principal: Principal, object_id: str, name: str, access: Access) -> Any:
            if access == "describe":
                return Decision(True)
            if isinstance(answer, Exception):
                raise answer
            return answer

    client = connect(till, make_daemon(authorize=Odd()))
    told = isinstance(answer, SecurityError)
    denied(lambda: client.call("total"), "told" if told else "the daemon failed to decide about it")
    assert ("the authorizer failed" in caplog.text) is not told
    assert till.done == []


def test_a_denial_is_one_line_with_all_there_is_to_know(
    client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    denied(lambda: client.call("x" * 500))
    (record,) = [one for one in caplog.records if one.name == "pyro_server.access"]
    assert record.levelno == logging.WARNING
    assert record.fields == {  # type: ignore[attr-defined]
        "event": "denied",
        "principal": "anonymous",
        "proof": "anonymous",
        "peer": "memory",
        "object": "thing",
        "access": "call",
        "name": "x" * 120,
        "reason": "say who you are, for example with proxy._pyro.token = TEXT",
    }
    assert "\n" not in record.getMessage()


def test_names_of_peers_cannot_make_lines_of_their_own(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    denied(lambda: client.call("x\ndenied: principal='root'"))
    (record,) = [one for one in caplog.records if one.name == "pyro_server.access"]
    assert "\n" not in record.getMessage()


def test_without_an_authorizer_nothing_stands_in_the_way(make_daemon: Any) -> None:
    host = make_daemon()._host
    assert host.dispatcher.unguarded is host.objects.by_id
    assert type(host.dispatcher).__name__ == "Dispatcher"
    assert make_daemon(authorize=Recording())._host.dispatcher.unguarded == {}
