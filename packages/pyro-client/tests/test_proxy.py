"""The blocking proxy against a scripted server."""

import copy
import inspect
import pickle
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from pyro_client import Proxy
from pyro_client.proxy import proxy_for
from pyro_core.calls import ObjectRef
from pyro_core.convert import ClassRules
from pyro_core.errors import ConnectionClosedError, PyroError, RemoteError, SerializeError
from pyro_core.metadata import Metadata
from pyro_core.settings import ClientSettings
from pyro_core.uri import URI


@pytest.fixture
def proxy(server: Any, settings: ClientSettings) -> Any:
    with Proxy(server.uri, settings=settings) as proxy:
        yield proxy


def test_calls_a_method_with_positional_and_keyword_arguments(proxy: Proxy, server: Any) -> None:
    assert proxy.add(2, 3) == 5
    server.scripts["echo"] = lambda peer, call: peer.reply([list(call.args), call.kwargs])
    assert proxy.echo(1, two=2) == [[1], {"two": 2}]
    assert server.calls[0] == ("thing", "add", (2, 3), {})


def test_is_connected_lazily_and_once(proxy: Proxy, server: Any) -> None:
    assert not proxy._pyro.connected
    assert server.connects == []
    assert [proxy.add(1, n) for n in range(3)] == [1, 2, 3]
    assert len(server.connects) == 1
    assert proxy._pyro.connected


def test_the_callable_of_a_method_is_made_once(proxy: Proxy) -> None:
    assert proxy.add is proxy.add
    assert "add" in vars(proxy)
    assert proxy.add.__name__ == "add"


def test_callables_of_methods_that_are_gone_are_forgotten(proxy: Proxy, server: Any) -> None:
    assert proxy.add(1, 1) == 2
    server.metadata = {"methods": ["echo"], "oneway": [], "attrs": []}
    proxy._pyro.release()
    assert proxy.echo("x") == "x"
    with pytest.raises(AttributeError, match="'add'"):
        proxy.add(1, 1)


def test_a_name_that_is_not_exposed_is_refused_here(proxy: Proxy, server: Any) -> None:
    with pytest.raises(
        AttributeError, match=r"has no exposed attribute or method 'ad'; did you mean 'add'\?"
    ):
        proxy.ad(1)
    server.metadata = {"methods": ["add", "echo"], "oneway": [], "attrs": ["name"]}
    proxy._pyro.reconnect()
    with pytest.raises(
        AttributeError, match=r"no exposed attribute or method 'wipe'; it has add, echo, name$"
    ):
        proxy.wipe()
    assert server.calls == []


def test_private_names_never_cause_a_connection(proxy: Proxy, server: Any) -> None:
    with pytest.raises(AttributeError, match="private"):
        proxy._repr_html_  # noqa: B018
    for name in ("_repr_pretty_", "_ipython_display_", "_ipython_canary_method_should_not_exist_"):
        assert not hasattr(proxy, name)
    with pytest.raises(AttributeError, match=r"no exposed method '__wrapped__' is known; proxy\._pyro\.bind"):
        proxy.__wrapped__  # noqa: B018
    assert inspect.unwrap(proxy) is proxy
    assert "add" not in dir(proxy)
    assert server.connects == []


def test_special_methods_can_be_called_by_name_once_they_are_known(proxy: Proxy, server: Any) -> None:
    server.metadata = {"methods": ["__add__"], "oneway": [], "attrs": []}
    server.scripts["__add__"] = lambda peer, call: peer.reply(call.args[0] + 1)
    proxy._pyro.bind()
    assert proxy.__add__(1) == 2
    assert not hasattr(proxy, "__sub__")


def test_an_object_without_members_is_an_error(proxy: Proxy, server: Any) -> None:
    server.metadata = {"methods": [], "oneway": [], "attrs": []}
    with pytest.raises(PyroError, match="doesn't expose any"):
        proxy._pyro.bind()
    assert not proxy._pyro.connected


def test_metadata_is_asked_for_when_the_handshake_has_none(proxy: Proxy, server: Any) -> None:
    server.metadata = None
    answer = {"methods": ["add"], "oneway": [], "attrs": []}
    server.scripts["get_metadata"] = lambda peer, call: peer.reply(answer)
    assert proxy.add(2, 2) == 4
    assert server.calls[0] == ("Pyro.Daemon", "get_metadata", ("thing",), {})


def test_attributes_are_read_and_written(proxy: Proxy, server: Any) -> None:
    assert proxy.x == "value of x"
    proxy.x = 17
    assert server.calls == [
        ("thing", "__getattr__", ("x",), None),
        ("thing", "__setattr__", ("x", 17), None),
    ]


@pytest.mark.parametrize(("name", "text"), [("y", "no exposed attribute"), ("add", "remote method")])
def test_only_exposed_attributes_can_be_written(proxy: Proxy, server: Any, name: str, text: str) -> None:
    with pytest.raises(AttributeError, match=text):
        setattr(proxy, name, 1)
    assert server.calls == []


def test_remote_attributes_cannot_be_deleted(proxy: Proxy) -> None:
    with pytest.raises(AttributeError, match="cannot be deleted"):
        del proxy.x


def test_dir_knows_remote_names_when_it_is_connected(proxy: Proxy) -> None:
    assert "add" not in dir(proxy)
    proxy._pyro.bind()
    assert {"add", "x", "_pyro"} <= set(dir(proxy))


def test_repr_tells_uri_and_state(proxy: Proxy, server: Any) -> None:
    assert repr(proxy) == f"<pyro_client.proxy.Proxy for {server.uri}; not connected>"
    proxy._pyro.bind()
    assert repr(proxy).endswith("; connected, 3 methods>")
    proxy._pyro.release()
    assert repr(proxy).endswith("; not connected, 3 methods>")


def test_equality_and_hash_follow_the_uri(proxy: Proxy, server: Any, settings: ClientSettings) -> None:
    same = Proxy(str(server.uri), settings=settings)
    assert same == proxy
    assert hash(same) == hash(proxy)
    assert same != Proxy("PYRO:other@localhost:1", settings=settings)
    assert proxy != "thing"


def test_leaving_the_with_block_closes_and_a_later_call_reconnects(
    server: Any, settings: ClientSettings
) -> None:
    with Proxy(server.uri, settings=settings) as proxy:
        proxy.add(1, 1)
    assert not proxy._pyro.connected
    assert proxy.add(1, 2) == 3
    proxy._pyro.release()


def test_operators_reach_exposed_dunder_methods(proxy: Proxy, server: Any) -> None:
    items = {"a": 1}
    scripts: dict[str, Callable[[Any, Any], object]] = {
        "__len__": lambda peer, call: peer.reply(len(items)),
        "__getitem__": lambda peer, call: peer.reply(items[call.args[0]]),
        "__setitem__": lambda peer, call: peer.reply(items.update([call.args])),
        "__delitem__": lambda peer, call: peer.reply(bool(items.pop(call.args[0]))),
        "__contains__": lambda peer, call: peer.reply(call.args[0] in items),
        "__iter__": lambda peer, call: peer.reply(list(items)),
        "__call__": lambda peer, call: peer.reply("called"),
    }
    server.scripts.update(scripts)
    server.metadata = {"methods": list(scripts), "oneway": [], "attrs": []}
    proxy["b"] = 2
    assert len(proxy) == 2
    assert proxy["b"] == 2
    assert "b" in proxy
    del proxy["b"]
    assert "b" not in proxy
    assert list(proxy) == ["a"]
    assert proxy() == "called"


def test_operators_without_an_exposed_method_are_type_errors(proxy: Proxy) -> None:
    with pytest.raises(TypeError, match="does not expose __len__"):
        len(proxy)
    with pytest.raises(TypeError, match="does not expose __iter__"):
        iter(proxy)
    with pytest.raises(TypeError, match="does not expose __call__"):
        proxy()


def test_iterating_falls_back_to_numbered_items(proxy: Proxy, server: Any) -> None:
    def item(peer: Any, call: Any) -> None:
        number = call.args[0]
        peer.reply(number * 10) if number < 3 else peer.fail(IndexError("no more"))

    server.metadata = {"methods": ["__getitem__"], "oneway": [], "attrs": []}
    server.scripts["__getitem__"] = item
    assert list(proxy) == [0, 10, 20]
    assert 10 in proxy
    assert 15 not in proxy


def test_a_proxy_is_true_without_asking(proxy: Proxy, server: Any) -> None:
    assert proxy
    assert server.connects == []


def test_oneway_methods_are_known_from_the_metadata(proxy: Proxy, server: Any) -> None:
    assert proxy.note("a") is None
    assert proxy.note("b") is None
    assert server.noted.wait(10)
    assert proxy.add(1, 1) == 2
    assert [request.flags for request in server.requests] == [4, 4, 0]


def test_a_method_can_be_made_oneway_and_back(proxy: Proxy, server: Any) -> None:
    proxy.add(1, 1)
    server.scripts["add"] = lambda peer, call: server.noted.set()
    proxy._pyro.oneway.add("add")
    assert proxy.add(1, 1) is None
    assert server.noted.wait(10)
    server.scripts["add"] = lambda peer, call: peer.reply(7)
    proxy._pyro.oneway = {"note"}
    assert proxy.add(1, 1) == 7


def test_b4_an_unknown_exception_becomes_a_remote_error_and_the_connection_is_kept(
    proxy: Proxy, server: Any
) -> None:
    class OutOfPaper(Exception):
        pass

    error = OutOfPaper("tray", 2)
    error._pyroTraceback = ["line 1\n", "line 2\n"]  # type: ignore[attr-defined]
    server.scripts["echo"] = lambda peer, call: peer.fail(error)
    for _ in range(2):  # the first call and the direct path
        with pytest.raises(RemoteError, match=r"test_proxy\.OutOfPaper: tray, 2") as caught:
            proxy.echo(1)
        assert caught.value.remote_traceback == "line 1\nline 2\n"
    assert proxy.add(1, 1) == 2
    assert len(server.connects) == 1


@pytest.mark.parametrize(
    "name", ["builtins.SystemExit", "builtins.KeyboardInterrupt", "builtins.GeneratorExit"]
)
def test_b5_no_peer_can_end_this_process(proxy: Proxy, server: Any, name: str) -> None:
    wire = {"__class__": name, "__exception__": True, "args": (1,)}
    server.scripts["echo"] = lambda peer, call: peer.reply(wire, flags=1)
    with pytest.raises(RemoteError) as caught:
        proxy.echo(1)
    assert caught.value.type_name == name
    assert proxy.add(1, 1) == 2
    assert len(server.connects) == 1


def test_a_known_exception_is_raised_as_its_own_type(proxy: Proxy, server: Any) -> None:
    server.scripts["echo"] = lambda peer, call: peer.fail(ZeroDivisionError("division by zero"))
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        proxy.echo(1)


def test_an_argument_that_cannot_travel_keeps_the_connection(proxy: Proxy, server: Any) -> None:
    proxy.add(1, 1)
    for _ in range(2):
        with pytest.raises(SerializeError, match="don't know how to serialize"):
            proxy.echo(object())
    assert proxy.add(1, 2) == 3
    assert len(server.connects) == 1


def test_an_answer_that_cannot_be_decoded_keeps_the_connection(proxy: Proxy, server: Any) -> None:
    server.scripts["echo"] = lambda peer, call: peer.reply({"__class__": "unknown.Thing"})
    for _ in range(2):
        with pytest.raises(SerializeError, match=r"unknown\.Thing"):
            proxy.echo(1)
    assert proxy.add(1, 2) == 3
    assert len(server.connects) == 1


def test_threads_share_a_proxy(proxy: Proxy, server: Any) -> None:
    problems: list[object] = []

    def work(number: int) -> None:
        for n in range(50):
            if proxy.add(number, n) != number + n:
                problems.append((number, n))

    threads = [threading.Thread(target=work, args=(number * 1000,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(server.connects) == 1
    assert len(server.calls) == 200


def test_a_copy_has_its_own_connection_and_the_same_habits(proxy: Proxy, server: Any) -> None:
    proxy.add(1, 1)
    proxy._pyro.timeout_s = 5
    proxy._pyro.max_retries = 3
    proxy._pyro.handshake = "secret"
    proxy._pyro.oneway.add("add")
    with copy.copy(proxy) as twin:
        assert not twin._pyro.connected
        assert twin._pyro.metadata == proxy._pyro.metadata
        assert (twin._pyro.timeout_s, twin._pyro.max_retries, twin._pyro.handshake) == (5, 3, "secret")
        twin._pyro.oneway.discard("add")
        assert "add" in proxy._pyro.oneway
        assert twin.echo("x") == "x"
    assert proxy._pyro.connected
    assert copy.deepcopy(proxy) == proxy


def test_a_pickled_proxy_knows_the_members(proxy: Proxy, server: Any) -> None:
    proxy._pyro.bind()
    proxy._pyro.handshake = "secret"
    proxy._pyro.serializer = "plain"
    proxy._pyro.timeout_s = 3
    with pickle.loads(pickle.dumps(proxy)) as twin:
        assert twin == proxy
        assert twin._pyro.metadata == proxy._pyro.metadata
        assert (twin._pyro.handshake, twin._pyro.serializer, twin._pyro.timeout_s) == (
            "secret",
            "plain",
            None,
        )
        assert twin.add(1, 2) == 3
    assert server.handshakes[-1]["handshake"] == "secret"


def test_a_connected_socket_needs_no_handshake(server: Any, settings: ClientSettings) -> None:
    ours, theirs = socket.socketpair()
    server.serve(theirs, handshake=False)
    answer = {"methods": ["add"], "oneway": [], "attrs": []}
    server.scripts["get_metadata"] = lambda peer, call: peer.reply(answer)
    with ours:
        with Proxy("thing", settings=settings, connected_socket=ours) as proxy:
            assert proxy.add(2, 3) == 5
        assert proxy.add(2, 4) == 6  # leaving the block does not close what belongs to the caller
        with pytest.raises(TypeError, match="cannot be copied"):
            copy.copy(proxy)
    assert server.handshakes == []
    assert [call.object_id for call in server.calls] == ["Pyro.Daemon", "thing", "thing"]


def test_a_connected_socket_that_broke_is_an_error(server: Any, settings: ClientSettings) -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, pytest.raises(ConnectionClosedError, match="the given socket"):
        Proxy("thing", settings=settings, connected_socket=ours).add(1, 2)


def test_a_proxy_travels_as_a_reference_and_arrives_as_a_proxy(proxy: Proxy, server: Any) -> None:
    proxy._pyro.bind()
    nested = proxy.echo([proxy])[0]
    assert isinstance(nested, Proxy)
    assert nested == proxy
    assert nested._pyro.metadata == proxy._pyro.metadata
    assert nested._pyro.settings is proxy._pyro.settings
    reference = server.calls[-1].args[0][0]
    assert reference == ObjectRef(server.uri, proxy._pyro.metadata)


def test_own_rules_for_references_are_left_alone(server: Any, settings: ClientSettings) -> None:
    rules = ClassRules()
    rules.revive = lambda reference: f"reference to {reference.uri.object}"
    with Proxy(server.uri, settings=settings, rules=rules) as proxy:
        assert proxy.echo(proxy) == "reference to thing"


def test_registered_classes_travel_both_ways(server: Any, settings: ClientSettings) -> None:
    rules = ClassRules()
    rules.register_class_to_dict(
        complex, lambda value: {"__class__": "number", "parts": [value.real, value.imag]}
    )
    rules.register_dict_to_class("number", lambda tag, wire: complex(*wire["parts"]))
    server.rules.register_dict_to_class("number", lambda tag, wire: complex(*wire["parts"]))
    server.rules.register_class_to_dict(
        complex, lambda value: {"__class__": "number", "parts": [value.real, 5]}
    )
    with Proxy(server.uri, settings=settings, rules=rules) as proxy:
        assert proxy.echo(1 + 2j) == 1 + 5j


def test_proxy_for_makes_a_proxy_of_a_received_reference() -> None:
    metadata = Metadata(frozenset({"add"}), frozenset({"add"}))
    reference = ObjectRef(URI("PYRO:thing@localhost:1"), metadata, "secret", "json")
    proxy = proxy_for(reference)
    assert proxy._pyro.uri == reference.uri
    assert proxy._pyro.metadata == metadata
    assert proxy._pyro.oneway == {"add"}
    assert (proxy._pyro.handshake, proxy._pyro.serializer) == ("secret", "json")
    assert proxy.__pyro_ref__() == reference


@pytest.mark.parametrize("uri", ["nonsense", "PYRO:thing", ""])
def test_a_bad_uri_is_refused_at_once(uri: str) -> None:
    with pytest.raises(PyroError, match="invalid uri"):
        Proxy(uri)
