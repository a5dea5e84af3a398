"""Objects that travel, and objects made for their callers. See ``docs/reference/server-chapter.md``."""

import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from chapter_daemons import LOOPBACK, PATIENCE_S, serving

from pyro_client import ClientSettings, DaemonError, Proxy, PyroError, SerializeError
from pyro_core.convert import ClassRules
from pyro_server import Daemon, behavior, current_call, expose


@expose
class Item:
    def __init__(self, name: str = "new") -> None:
        self.label = name

    def name(self) -> str:
        return self.label


@expose
class Factory:
    """Makes objects and publishes them in every way there is."""

    def __init__(self) -> None:
        self.kept: list[Item] = []
        self.latest = Item("none yet")

    def published(self) -> Item:
        item = Item("published")
        current_call().daemon.register(item)
        return item

    def in_a_list(self) -> list[Any]:
        return [{"item": self.published()}]

    def unpublished(self) -> Item:
        return Item("copied")

    def weak(self) -> Item:
        self.latest = Item("weak")
        current_call().daemon.register(self.latest, weak=True)
        return self.latest

    def forget(self) -> None:
        self.latest = Item("forgotten")

    def for_this_session(self) -> Item:
        item = Item("of the session")
        current_call().daemon.register(item, session=True)
        return item

    def count(self) -> int:
        return len(current_call().daemon.objects)

    def name_of(self, item: Any) -> str:
        with item:
            return f"{type(item).__name__} {item.name()}"


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    with Daemon(LOOPBACK) as daemon:
        daemon.register(Factory(), "factory")
        yield daemon.start()


@pytest.fixture
def factory(daemon: Daemon) -> Iterator[Proxy]:
    with Proxy(daemon.uri_for("factory")) as proxy:
        yield proxy


# ---- objects that travel


@pytest.mark.parametrize("serializer", ["serpent", "json", "msgpack"])
def test_a_published_object_arrives_as_a_proxy(daemon: Daemon, serializer: str) -> None:
    with Proxy(daemon.uri_for("factory"), settings=ClientSettings(serializer=serializer)) as factory:
        with factory.published() as item:
            assert isinstance(item, Proxy)
            assert item.name() == "published"
        with factory.in_a_list()[0]["item"] as item:
            assert item.name() == "published"


def test_it_goes_back_to_the_server_as_a_proxy(factory: Proxy) -> None:
    with factory.published() as item:
        assert factory.name_of(item) == "Proxy published"


def test_an_object_that_was_not_published_is_copied(factory: Proxy) -> None:
    with pytest.raises(SerializeError, match="Item"):
        factory.unpublished()  # the copy's class has no rule here


def test_publishing_by_itself_can_be_switched_off() -> None:
    rules = ClassRules()
    rules.register_class_to_dict(Item, lambda item: {"__class__": "Item", "name": item.label})
    rules.register_dict_to_class("Item", lambda tag, wire: Item(f"copy of {wire['name']}"))
    with Daemon(LOOPBACK, rules=rules) as daemon:
        daemon.rules.reference_of = None
        daemon.register(Factory(), "factory")
        daemon.start()
        with Proxy(daemon.uri_for("factory"), rules=rules) as factory:
            assert factory.published().label == "copy of published"


# ---- objects that are published for a while


def test_d8_a_weakly_published_object_goes_with_its_last_reference(factory: Proxy) -> None:
    before = factory.count()
    with factory.weak() as item:
        assert item.name() == "weak"
        assert factory.count() == before + 1
        factory.forget()
        gc.collect()
        assert factory.count() == before
        with pytest.raises(DaemonError, match="unknown object"):
            item.name()


def test_d8_an_object_can_belong_to_the_session_of_the_client_that_asked_for_it(daemon: Daemon) -> None:
    over = threading.Event()

    class OfSession(Factory):
        def __del__(self) -> None:
            over.set()  # the instances of a session are the last that it lets go

    with Proxy(daemon.register(OfSession)) as factory, Proxy(daemon.uri_for("factory")) as other:
        before = other.count()
        first, second = factory.for_this_session(), factory.for_this_session()
        with first, second:
            assert first.name() == second.name() == "of the session"
            assert other.count() == before + 2
            daemon.unregister(first._pyro.uri.object)  # by hand is possible too
            factory._pyro.release()
            assert over.wait(PATIENCE_S)
            assert other.count() == before
            with pytest.raises(DaemonError, match="unknown object"):
                second.name()


def test_only_a_served_call_has_a_session_to_publish_for(daemon: Daemon) -> None:
    before = list(daemon.objects)
    with pytest.raises(PyroError, match="no current call"):
        daemon.register(Item(), session=True)
    assert list(daemon.objects) == before


# ---- classes whose instances are made when they are needed


@pytest.mark.parametrize("mode", ["session", "single", "percall"])
def test_instances_are_made_as_the_class_says_and_by_its_creator(mode: Any) -> None:
    made: list[str] = []

    def creator(cls: type) -> Any:
        instance = cls(f"{mode} {len(made)}")
        made.append(instance.label)
        return instance

    @expose
    @behavior(instance_mode=mode, instance_creator=creator)
    class Made(Item):
        @property
        def whoami(self) -> str:
            return self.label

    with serving(Made) as uri, Proxy(uri) as one, Proxy(uri) as other:
        seen = [one.name(), one.name(), other.name(), other.whoami]
    expected = {"session": [0, 0, 1, 1], "single": [0, 0, 0, 0], "percall": [0, 1, 2, 3]}[mode]
    assert seen == [f"{mode} {number}" for number in expected]
    assert len(made) == len(set(seen))


def test_an_instance_of_a_session_goes_with_its_connection() -> None:
    gone = threading.Event()

    @expose
    class OfSession:
        def hello(self) -> str:
            return "hello"

        def __del__(self) -> None:
            gone.set()

    with serving(OfSession) as uri, Proxy(uri) as proxy:
        proxy.hello()
        assert not gone.is_set()
        proxy._pyro.release()
        assert gone.wait(PATIENCE_S)


def test_a_creator_that_makes_something_else_is_an_error_for_the_client() -> None:
    @expose
    @behavior(instance_mode="single", instance_creator=lambda cls: "nonsense")
    class Made(Item):
        pass

    with serving(Made) as uri, Proxy(uri) as proxy, pytest.raises(TypeError, match="instance of Made"):
        proxy.name()


# ---- what is exposed


class Overriding(Item):
    """Says nothing about exposure."""

    def name(self) -> str:
        return f"my {super().name()}"

    def added(self) -> str:
        return "never exposed"


def test_d2_an_overridden_method_stays_exposed() -> None:
    with serving(Overriding("own")) as uri, Proxy(uri) as proxy:
        assert proxy.name() == "my own"
        with pytest.raises(AttributeError, match="added"):
            proxy.added()


def test_d2_a_list_of_names_exposes_members_of_somebody_elses_class(daemon: Daemon) -> None:
    from fractions import Fraction

    uri = daemon.register(Fraction(3, 4), expose=["limit_denominator", "numerator", "as_integer_ratio"])
    with Proxy(uri) as proxy:
        assert proxy.numerator == 3
        assert list(proxy.as_integer_ratio()) == [3, 4]
        assert not hasattr(proxy, "denominator")


@expose
class Box:
    """Behaves like a container."""

    def __init__(self) -> None:
        self.items = {"a": 1}

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, key: str) -> int:
        return self.items[key]

    def __setitem__(self, key: str, value: int) -> None:
        self.items[key] = value

    def __delitem__(self, key: str) -> None:
        del self.items[key]

    def __contains__(self, key: str) -> bool:
        return key in self.items

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.items))

    def __call__(self, factor: int = 2) -> int:
        return factor * sum(self.items.values())


def test_d3_operators_work_on_proxies_where_they_are_exposed() -> None:
    with serving(Box()) as uri, Proxy(uri) as box:
        box["b"] = 2
        assert (len(box), box["a"], box["b"], "a" in box, "z" in box) == (2, 1, 2, True, False)
        assert list(box) == ["a", "b"]
        assert box(factor=10) == 30
        del box["a"]
        assert list(box) == ["b"]
        with pytest.raises(KeyError):
            box["a"]
    with serving(Item()) as uri, Proxy(uri) as item:
        assert item  # a proxy is always true
        with pytest.raises(TypeError, match="__len__"):
            len(item)
