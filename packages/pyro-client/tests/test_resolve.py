"""From names to addresses, with name servers of all generations."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pyro_client import Proxy
from pyro_client.plans import resolve as plans
from pyro_client.plans.locate import locate
from pyro_client.profile import Profile
from pyro_client.run_sync import SyncRunner
from pyro_core.errors import (
    CommunicationError,
    NameNotFound,
    NameServerNotFound,
    NamingError,
    RemoteError,
)
from pyro_core.names import NAMESERVER_ID
from pyro_core.plans import Discover
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI

if TYPE_CHECKING:
    from pyro_core.plans import Found

TARGET = "PYRO:target@localhost:4444"
OTHER = "PYRO:other@localhost:4445"


def run(plan: Any, settings: ClientSettings, **fakes: Any) -> Any:
    return SyncRunner(settings, **fakes).run(plan)


def resolve(uri: str, settings: ClientSettings, choose: Any = min) -> URI:
    asked = URI(uri)
    return run(plans.resolve(asked, Profile(asked, settings), choose), settings)  # type: ignore[no-any-return]


@pytest.fixture
def name_server(server: Any) -> Any:
    server.metadata = {"methods": ["lookup", "list", "yplookup", "ping"], "oneway": [], "attrs": []}
    server.scripts["lookup"] = lambda peer, call: peer.reply(URI(TARGET))
    return server


def test_an_address_needs_no_name_server(settings: ClientSettings, server: Any) -> None:
    assert resolve(TARGET, settings) == URI(TARGET)
    assert server.connects == []


@pytest.mark.parametrize("answer", [URI(TARGET), TARGET])
def test_a_name_is_looked_up(name_server: Any, settings: ClientSettings, answer: Any) -> None:
    name_server.scripts["lookup"] = lambda peer, call: peer.reply(answer)
    assert resolve("PYRONAME:target", settings) == URI(TARGET)
    assert name_server.handshakes[0]["object"] == NAMESERVER_ID
    assert name_server.calls == [(NAMESERVER_ID, "lookup", ("target",), {})]


def test_the_name_server_may_stand_in_the_uri(name_server: Any, free_port: int) -> None:
    elsewhere = ClientSettings(serializer="plain", ns_port=free_port)
    assert resolve(f"PYRONAME:target@127.0.0.1:{name_server.port}", elsewhere) == URI(TARGET)


def test_e7_a_name_server_on_a_unix_socket_is_asked_there(unix_server: Any) -> None:
    unix_server.metadata = {"methods": ["lookup"], "oneway": [], "attrs": []}
    unix_server.scripts["lookup"] = lambda peer, call: peer.reply(URI(TARGET))
    path = unix_server.uri.sockname
    settings = ClientSettings(serializer="plain", ns_port=1, broadcast_addresses=())
    assert resolve(f"PYRONAME:target@./u:{path}", settings) == URI(TARGET)
    assert len(unix_server.calls) == 1


@pytest.mark.parametrize("generation", ["yplookup", "list"])
def test_tags_are_looked_up_in_name_servers_of_both_generations(
    name_server: Any, settings: ClientSettings, generation: str
) -> None:
    methods = ["lookup", "list", "yplookup"] if generation == "yplookup" else ["lookup", "list"]
    name_server.metadata = {"methods": methods, "oneway": [], "attrs": []}
    name_server.scripts[generation] = lambda peer, call: peer.reply({"a": TARGET, "b": [OTHER, ["red"]]})
    offered: list[Sequence[str]] = []

    def last(addresses: Sequence[str]) -> str:
        offered.append(addresses)
        return addresses[-1]

    assert resolve("PYROMETA:red,big", settings, last) == URI(OTHER)
    assert offered == [[TARGET, OTHER]]
    expected = {
        "yplookup": {"meta_all": ["big", "red"], "return_metadata": False},
        "list": {"metadata_all": ["big", "red"]},
    }
    assert name_server.calls == [(NAMESERVER_ID, generation, (), expected[generation])]


def test_the_choice_among_matches_is_random() -> None:
    assert {plans.any_of(["a", "b", "c"]) for _ in range(200)} == {"a", "b", "c"}


def test_tags_that_nothing_has_are_an_error(name_server: Any, settings: ClientSettings) -> None:
    name_server.scripts["yplookup"] = lambda peer, call: peer.reply({})
    with pytest.raises(NamingError, match="all of these metadata tags: big, red"):
        resolve("PYROMETA:red,big", settings)


def test_an_unknown_name_is_told_with_similar_ones(name_server: Any, settings: ClientSettings) -> None:
    name_server.scripts["lookup"] = lambda peer, call: peer.fail(NameNotFound("targt", ["target"]))
    with pytest.raises(NameNotFound, match=r"did you mean 'target'\?") as caught:
        resolve("PYRONAME:targt", settings)
    assert tuple(caught.value.near) == ("target",)


@pytest.mark.parametrize("answer", [None, 5, "PYRONAME:again", {"a": 1}])
def test_an_answer_that_is_no_address_is_an_error(
    name_server: Any, settings: ClientSettings, answer: Any
) -> None:
    name_server.scripts["lookup"] = lambda peer, call: peer.reply(answer)
    with pytest.raises(NamingError, match="expected a PYRO address"):
        resolve("PYRONAME:target", settings)


def test_a_name_server_that_says_stop_iteration_ends_no_plan(
    name_server: Any, settings: ClientSettings
) -> None:
    name_server.scripts["lookup"] = lambda peer, call: peer.fail(StopIteration("stop"))
    with pytest.raises(RemoteError, match=r"builtins\.StopIteration: stop"):
        resolve("PYRONAME:target", settings)


def test_a_proxy_with_a_name_is_resolved_at_each_connection(
    name_server: Any, settings: ClientSettings
) -> None:
    name_server.scripts["lookup"] = lambda peer, call: peer.reply(name_server.uri)
    name_server.metadata = {"methods": ["lookup", "add"], "oneway": [], "attrs": []}
    with Proxy("PYRONAME:target", settings=settings) as proxy:
        assert proxy.add(1, 1) == 2
        assert str(proxy._pyro.uri) == "PYRONAME:target"
        assert proxy._pyro.resolved_uri == name_server.uri
        assert name_server.calls[-1].object_id == "thing"
        proxy._pyro.release()
        assert proxy.add(1, 1) == 2
    assert [call.method for call in name_server.calls] == ["lookup", "add"] * 2


def test_e6_what_was_tried_is_told_with_the_reasons(free_port: int) -> None:
    asked: list[tuple[Sequence[str], int]] = []
    settings = ClientSettings(
        serializer="plain", ns_host="localhost", ns_port=free_port, broadcast_addresses=("192.0.2.255",)
    )

    def nobody(step: Discover) -> "Found":
        asked.append((step.addresses, step.port))
        return None, (("everybody", "no answer within 1 s"),)

    with pytest.raises(NameServerNotFound) as caught:
        run(locate(Profile(URI(TARGET), settings)), settings, discover=nobody)
    places = [place for place, _ in caught.value.tried]
    assert places == [
        f"localhost:{free_port}",
        f"127.0.1.1:{free_port}",
        "everybody",
    ]
    assert [reason for _, reason in caught.value.tried[:2]] == ["connection refused"] * 2
    assert caught.value.tried[2][1] == "no answer within 1 s"
    assert asked == [(("192.0.2.255",), 9091)]
    assert isinstance(caught.value.__cause__, CommunicationError)


def test_e6_a_given_host_is_the_only_one_tried(free_port: int) -> None:
    settings = ClientSettings(serializer="plain", broadcast_addresses=("192.0.2.255",))
    plan = locate(Profile(URI(TARGET), settings), "127.0.0.1", free_port)
    with pytest.raises(NameServerNotFound) as caught:
        run(plan, settings, discover=pytest.fail)
    assert [place for place, _ in caught.value.tried] == [f"127.0.0.1:{free_port}"]


@pytest.mark.parametrize(
    ("changes", "arguments"),
    [({}, {"broadcast": False}), ({"broadcast_addresses": ()}, {}), ({"prefer_ip_version": 6}, {})],
)
def test_e6_the_broadcast_can_be_left_out(
    free_port: int, changes: dict[str, Any], arguments: dict[str, Any]
) -> None:
    base: dict[str, Any] = {"broadcast_addresses": ("192.0.2.255",), "serializer": "plain", **changes}
    settings = ClientSettings(ns_host="127.0.0.1", ns_port=free_port, **base)
    with pytest.raises(NameServerNotFound):
        run(locate(Profile(URI(TARGET), settings), **arguments), settings, discover=pytest.fail)


def test_e6_a_name_server_that_answers_the_broadcast_is_used(name_server: Any, free_port: int) -> None:
    settings = ClientSettings(serializer="plain", ns_host="127.0.0.1", ns_port=free_port)
    here = str(name_server.uri_of(NAMESERVER_ID))
    dead = f"PYRO:{NAMESERVER_ID}@127.0.0.1:{free_port}"
    plan = locate(Profile(URI(TARGET), settings))
    answers = [dead, here]

    def answer(step: Discover) -> "Found":
        found = answers.pop(0)
        assert found not in step.known
        return found, ()

    connection = run(plan, settings, discover=answer)
    assert str(connection.uri) == here
    connection.link.close()
