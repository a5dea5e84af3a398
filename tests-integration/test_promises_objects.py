"""Objects are served as they were registered, and daemons share nothing: shown with real servers.

The numbers are those of ``docs/reference/promises.md``.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from promise_server import Server, run_server

from pyro_client import Proxy
from pyro_core.context import current_call
from pyro_core.convert import ClassRules
from pyro_core.errors import CommunicationError, SerializeError
from pyro_core.remote_errors import remote_traceback_lines
from pyro_core.settings import ClientSettings, Limits, ServerSettings
from pyro_core.wire.message import BATCH
from pyro_server import Daemon, expose

LOOPBACK = ServerSettings(host="127.0.0.1")


@pytest.fixture(scope="module", params=["threaded", "multiplex"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with run_server(request.param) as running:
        yield running


def test_d1_a_class_and_an_instance_of_it_are_both_served(server: Server) -> None:
    with Proxy(server.object("class")) as of_class, Proxy(server.uri) as of_instance:
        of_instance.value = 18
        assert of_class.add(1, 2) == of_instance.add(1, 2) == 3
        assert (of_class.value, of_instance.value) == (17, 18)


class Item:
    """Travels by a rule, or by reference where it is registered."""


@expose
class Shelf:
    def __init__(self, item: Item) -> None:
        self.item = item

    def take(self) -> Item:
        return self.item

    def serializer_of(self, value: object) -> str:
        return current_call().serializer

    def kind_of(self, value: Any) -> str:
        return type(value).__name__


def test_d5_registering_an_object_changes_one_daemon_only() -> None:
    item = Item()
    with Daemon(LOOPBACK) as one, Daemon(LOOPBACK) as other:
        uris = [daemon.register(Shelf(item), "shelf") for daemon in (one, other)]
        itself = one.register(item)
        for daemon in (one, other):
            daemon.start()
        with Proxy(uris[0]) as proxy:
            taken = proxy.take()
            assert isinstance(taken, Proxy)
            assert taken._pyro.uri == itself
        with Proxy(uris[1]) as proxy, pytest.raises(SerializeError, match="Item"):
            proxy.take()


def test_d5_rules_of_a_daemon_or_proxy_are_its_own() -> None:
    sending, receiving = ClassRules(), ClassRules()
    sending.register_class_to_dict(Item, lambda item: {"__class__": "an.Item"})
    receiving.register_dict_to_class("an.Item", lambda tag, wire: "an item")
    with Daemon(LOOPBACK, rules=sending) as one, Daemon(LOOPBACK) as other:
        uris = [daemon.register(Shelf(Item())) for daemon in (one, other)]
        for daemon in (one, other):
            daemon.start()
        with Proxy(uris[0], rules=receiving) as proxy, Proxy(uris[1], rules=receiving) as of_other:
            assert proxy.take() == "an item"
            with pytest.raises(SerializeError, match="Item"):
                of_other.take()
        with Proxy(uris[0]) as without, pytest.raises(SerializeError, match=r"an\.Item"):
            without.take()


def test_d6_settings_belong_to_one_daemon_and_one_proxy() -> None:
    narrow = replace(LOOPBACK, serializers=("json",), limits=Limits(max_message_bytes=10_000))
    json, serpent = ClientSettings(serializer="json"), ClientSettings(serializer="serpent")
    with Daemon(narrow) as strict, Daemon(LOOPBACK) as plain:
        strict_uri, plain_uri = (daemon.register(Shelf(Item())) for daemon in (strict, plain))
        for daemon in (strict, plain):
            daemon.start()
        large = "x" * 20_000
        with Proxy(plain_uri, settings=serpent) as one, Proxy(plain_uri, settings=json) as another:
            assert one.serializer_of(large) == "serpent"
            assert another.serializer_of(large) == "json"
        with Proxy(strict_uri, settings=serpent) as refused, pytest.raises(CommunicationError):
            refused.kind_of(1)
        with Proxy(strict_uri, settings=json) as accepted:
            assert accepted.kind_of(1) == "int"
            with pytest.raises(CommunicationError):
                accepted.kind_of(large)


@pytest.mark.parametrize(
    "name", ["hidden", "unexposed", "helper", "helping", "seen", "__init__", "__class__"]
)
def test_d12_names_that_were_not_exposed_cannot_be_used_and_run_nothing(server: Server, name: str) -> None:
    with Proxy(server.object("careful")) as proxy:
        proxy._pyro.bind()
        control = proxy._pyro
        assert name not in control.metadata.methods | control.metadata.attrs
        attempts: list[Callable[[], object]] = [
            lambda: control.invoke(name, ()),
            lambda: control.invoke("<batch>", [(name, (), {})], flags=BATCH),
            lambda: control.get(name),
            lambda: control.set(name, 1),
        ]
        for attempt in attempts:
            with pytest.raises(AttributeError, match="attempt to access"):
                attempt()
        assert proxy.looked_at() == []


@expose
class Failing:
    def fail(self) -> None:
        try:
            json.loads("{")
        except ValueError as cause:
            raise RuntimeError("no such luck") from cause


@pytest.mark.parametrize(
    ("modules", "files"),
    [(("*",), {"ours", "json"}), (("json",), {"json"}), ((__name__,), {"ours"}), ((), set())],
)
def test_d10_callers_see_only_the_lines_that_the_operator_allows(
    modules: tuple[str, ...], files: set[str]
) -> None:
    with (
        Daemon(ServerSettings(traceback_modules=modules)) as daemon,
        Proxy(daemon.register(Failing())) as proxy,
    ):
        daemon.start()
        with pytest.raises(RuntimeError, match="no such luck") as failed:
            proxy.fail()
    text = "".join(remote_traceback_lines(failed.value))
    assert "RuntimeError: no such luck" in text
    folders = {"ours": __file__, "json": json.__file__.removesuffix("__init__.py")}
    assert {name for name, folder in folders.items() if folder in text} == files
    assert ('json.loads("{")' in text) == ("ours" in files)
