"""The name server's remote object, called as both generations call it."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pyro_core.context import CallContext, Caller, enter_call, leave_call
from pyro_core.errors import NameNotFound, NameOwned, NameTaken, NamingError
from pyro_core.members import members_of
from pyro_core.names import NAMESERVER_ID, PROTOCOL_48, PROTOCOL_502
from pyro_core.settings import Limits
from pyro_core.uri import URI
from pyro_nameserver import registry as registry_module
from pyro_nameserver.registry import OWN_TAGS, Registry
from pyro_nameserver.storage.base import Storage
from pyro_nameserver.storage.memory import MemoryStorage
from pyro_nameserver.storage.sqlite import SqliteStorage

HERE = "PYRO:obj@localhost:4444"
OWN = "PYRO:Pyro.NameServer@localhost:9090"


@pytest.fixture(params=[MemoryStorage, lambda: SqliteStorage(":memory:")], ids=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    with request.param() as storage:
        yield storage


@pytest.fixture
def registry(storage: Storage) -> Registry:
    registry = Registry(storage)
    registry.announce(URI(OWN))
    return registry


@pytest.fixture
def filled(registry: Registry) -> Registry:
    registry.register("shop.cart", HERE, metadata=["red", "round"])
    registry.register("shop.till", HERE, metadata=["blue", "round"])
    registry.register("Shop.x", HERE)
    return registry


@pytest.fixture
def pyro4_caller() -> Iterator[None]:
    token = enter_call(CallContext(Caller(version=PROTOCOL_48)))
    yield
    leave_call(token)


@pytest.fixture
def pyro5_caller() -> Iterator[None]:
    token = enter_call(CallContext(Caller(version=PROTOCOL_502)))
    yield
    leave_call(token)


def test_the_classic_methods_and_those_for_leases_are_exposed() -> None:
    methods = set(members_of(Registry).methods)
    classic = {"register", "lookup", "list", "yplookup", "remove", "set_metadata", "count", "ping"}
    assert methods == classic | {"renew", "time_left", "watch"}


def test_a_registered_name_is_found(registry: Registry) -> None:
    registry.register("a", HERE)
    registry.register("b", URI(HERE))
    assert registry.lookup("a") == registry.lookup("b") == URI(HERE)
    assert isinstance(registry.lookup("a"), URI)
    assert registry.list(prefix="a") == {"a": HERE}
    registry.ping()


def test_addresses_are_kept_in_canonical_form(registry: Registry) -> None:
    registry.register("a", "pyro:obj@h:0099")
    assert registry.list("a") == {"a": "PYRO:obj@h:99"}


def test_registering_again_replaces_address_and_tags(filled: Registry) -> None:
    filled.register("shop.cart", "PYRO:other@h:1")
    assert filled.lookup("shop.cart", True) == (URI("PYRO:other@h:1"), set())


def test_a_safe_registration_leaves_a_taken_name_alone(filled: Registry) -> None:
    with pytest.raises(NameTaken, match=r"name already registered: shop\.cart"):
        filled.register("shop.cart", "PYRO:other@h:1", safe=True)
    assert filled.lookup("shop.cart", True) == (URI(HERE), {"red", "round"})
    filled.register("shop.new", HERE, safe=True)


def test_an_unknown_name_is_answered_with_similar_ones(filled: Registry) -> None:
    with pytest.raises(NameNotFound, match=r"unknown name: shop\.carts; did you mean 'shop\.cart'") as caught:
        filled.lookup("shop.carts")
    assert caught.value.near[0] == "shop.cart"
    with pytest.raises(NameNotFound, match=r"^unknown name: zzz$"):
        filled.lookup("zzz")


def test_similar_names_are_not_looked_for_among_many(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "_NEAR_AMONG", 1)
    registry.register("aa", HERE)
    registry.register("ab", HERE)
    with pytest.raises(NameNotFound) as caught:
        registry.lookup("aaa")
    assert caught.value.near == ()


def test_the_number_of_names_is_limited(storage: Storage) -> None:
    registry = Registry(storage, max_names=3)
    for name in "abc":
        registry.register(name, HERE)
    with pytest.raises(NamingError, match="there are 3 names already, the most allowed"):
        registry.register("d", HERE)
    registry.register("a", "PYRO:other@h:1")  # no new one
    registry.remove("b")
    registry.register("d", HERE)
    assert set(registry.list()) == {"a", "c", "d"}


def test_metadata_is_replaced_as_a_whole(filled: Registry) -> None:
    filled.set_metadata("shop.cart", {"green"})
    assert filled.lookup("shop.cart", return_metadata=True) == (URI(HERE), {"green"})
    with pytest.raises(NameNotFound, match="unknown name: nobody"):
        filled.set_metadata("nobody", ["x"])
    with pytest.raises(TypeError, match="metadata should not be a str"):
        filled.set_metadata("shop.cart", "green")


def test_tags_go_to_pyro5_callers_as_sets(filled: Registry, pyro5_caller: None) -> None:
    assert filled.lookup("shop.cart", return_metadata=True) == (URI(HERE), {"red", "round"})
    assert filled.list("shop.c", None, True) == {"shop.cart": (HERE, {"red", "round"})}
    assert filled.yplookup(["blue"]) == {"shop.till": (HERE, {"blue", "round"})}
    _, tags = filled.list("Shop.x", None, True)["Shop.x"]
    assert type(tags) is set, "no frozenset: not all formats know it"


def test_tags_go_to_pyro4_callers_as_lists(filled: Registry, pyro4_caller: None) -> None:
    assert filled.lookup("shop.cart", return_metadata=True) == (URI(HERE), ["red", "round"])
    with_tags = {"shop.till": (HERE, ["blue", "round"])}
    assert filled.list(metadata_all=["blue"], return_metadata=True) == with_tags


def test_the_third_argument_of_list_is_what_the_callers_generation_means(filled: Registry) -> None:
    assert set(filled.list(None, None, ["blue"])) == {"shop.till"}  # Pyro4: metadata_all
    with_tags = {"shop.till": (HERE, {"blue", "round"})}
    assert filled.list("shop.t", None, True) == with_tags  # Pyro5: return_metadata
    assert filled.list("shop.t", None, False) == {"shop.till": HERE}


def test_a_prefix_is_literal_and_case_sensitive(filled: Registry) -> None:
    """E2."""
    assert set(filled.list(prefix="shop.")) == {"shop.cart", "shop.till"}
    assert set(filled.list(prefix="S")) == {"Shop.x"}
    assert filled.list(prefix="shop_") == filled.list(prefix="%") == {}
    everything = {"shop.cart", "shop.till", "Shop.x", NAMESERVER_ID}
    assert set(filled.list(prefix="")) == set(filled.list()) == everything


def test_a_regex_matches_the_beginning_of_names(filled: Registry) -> None:
    assert set(filled.list(regex=r"shop\.c")) == {"shop.cart"}
    assert set(filled.list(regex=r".*\.x$")) == {"Shop.x"}
    assert set(filled.list(regex="Pyro")) == {NAMESERVER_ID}
    with pytest.raises(NamingError, match="invalid regex"):
        filled.list(regex="(")


def test_names_are_found_by_tags(filled: Registry) -> None:
    assert set(filled.list(metadata_all=["round", "red"])) == {"shop.cart"}
    assert set(filled.list(metadata_any={"red", "blue", "x"})) == {"shop.cart", "shop.till"}
    assert set(filled.list(metadata_any=["RED"])) == set()
    assert set(filled.yplookup(meta_any=["red"], return_metadata=False)) == {"shop.cart"}
    assert set(filled.list(metadata_any=OWN_TAGS)) == {NAMESERVER_ID}
    assert set(filled.list(metadata_all=OWN_TAGS)) == {NAMESERVER_ID}


def test_no_tags_mean_everything_to_list_and_nothing_to_yplookup(filled: Registry) -> None:
    assert len(filled.list(metadata_all=[])) == len(filled.list(metadata_any=[])) == 4
    assert filled.yplookup(meta_all=[]) == filled.yplookup(meta_any=[]) == filled.yplookup() == {}


def test_one_filter_at_a_time(filled: Registry) -> None:
    with pytest.raises(ValueError, match="you can only filter on one thing at a time"):
        filled.list(prefix="a", regex="b")
    with pytest.raises(ValueError, match="you can only filter on one thing at a time"):
        filled.remove(prefix="a", regex="b")
    with pytest.raises(ValueError, match="you can't use meta_all or meta_any at the same time"):
        filled.yplookup(["red"], ["blue"])
    with pytest.raises(TypeError, match="metadata_all should not be a str"):
        filled.yplookup("red")


def test_names_are_removed_and_counted(filled: Registry) -> None:
    assert filled.count() == 4
    assert filled.remove("nobody") == 0
    assert filled.remove("Shop.x") == 1
    assert filled.remove(regex="shop.t") == 1
    assert filled.remove(prefix="shop") == 1
    assert filled.remove() == filled.remove(prefix="") == 0
    assert filled.count() == 1


@pytest.mark.parametrize("call", ["register", "safe", "set_metadata"])
def test_the_name_servers_own_name_cannot_be_taken_over(registry: Registry, call: str) -> None:
    """E10."""
    with pytest.raises(NamingError, match=r"'Pyro\.NameServer' is reserved for the name server itself"):
        if call == "set_metadata":
            registry.set_metadata(NAMESERVER_ID, ["x"])
        else:
            registry.register(NAMESERVER_ID, "PYRO:evil@h:1", safe=call == "safe")
    assert registry.lookup(NAMESERVER_ID, True) == (URI(OWN), OWN_TAGS)


@pytest.mark.parametrize("filters", [{"name": NAMESERVER_ID}, {"prefix": "Pyro"}, {"regex": ".*"}])
def test_the_name_servers_own_name_cannot_be_removed(registry: Registry, filters: dict[str, str]) -> None:
    """E10."""
    assert registry.remove(**filters) == 0
    assert registry.list() == {NAMESERVER_ID: OWN}


def test_a_stale_entry_of_a_stock_name_server_is_not_believed(storage: Storage) -> None:
    storage.put(NAMESERVER_ID, "PYRO:Pyro.NameServer@gone:9090")
    registry = Registry(storage)
    registry.announce(URI(OWN))
    assert registry.lookup(NAMESERVER_ID) == URI(OWN)
    assert registry.count() == 1


def test_the_name_servers_own_tags_can_be_chosen(storage: Storage) -> None:
    registry = Registry(storage)
    registry.announce(URI(OWN), frozenset({"class:mine"}))
    assert registry.list(metadata_all=["class:mine"]) == {NAMESERVER_ID: OWN}
    assert registry.list(metadata_all=["class:pyro_nameserver.Registry"]) == {}


def test_nobody_waits_for_a_regex_of_somebody_else(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A12: while one query matches, every other call is answered."""
    registry = Registry(storage, limits=Limits(query_regex_s=5.0))
    matching, answered = threading.Event(), threading.Event()

    def slow(pattern: str, names: Any) -> list[str]:
        matching.set()
        assert answered.wait(5)
        return []

    monkeypatch.setattr(registry._patterns, "matching", slow)
    query = threading.Thread(target=registry.list, kwargs={"regex": "(a+)+$"})
    query.start()
    assert matching.wait(10)
    registry.register("a", HERE)
    assert registry.lookup("a") == URI(HERE)
    assert registry.list("a") == {"a": HERE}
    assert registry.remove("a") == 1
    answered.set()
    query.join(10)


def test_an_exploding_regex_is_refused_in_time(storage: Storage) -> None:
    """A12."""
    registry = Registry(storage, limits=Limits(query_regex_s=0.2))
    registry.register("a" * 60 + "!", HERE)
    with pytest.raises(NamingError, match=r"takes longer than 0\.2 s"):
        registry.list(regex="(a+)+$")
    with pytest.raises(NamingError, match=r"takes longer than 0\.2 s"):
        registry.remove(regex="(a+)+$")
    with pytest.raises(NamingError, match="201 characters, at most 200"):
        registry.list(regex="a" * 201)
    assert registry.count() == 1


def test_a_leased_name_has_an_owner(registry: Registry, storage: Storage) -> None:
    token = registry.register("a", HERE, ttl=30)
    assert isinstance(token, str)
    assert registry.register("b", HERE, ttl=2.5, owner="mine") == "mine"
    assert registry.register("c", HERE) is None
    entries = storage.find()
    assert [entries[name].ttl_s for name in "abc"] == [30.0, 2.5, None]
    assert token not in str(entries)
    assert "mine" not in str(entries), "what is stored does not tell the token"
    assert registry.lookup("a", return_metadata=True) == (URI(HERE), set())


def test_nobody_but_the_owner_changes_a_leased_name(registry: Registry) -> None:
    """E5."""
    registry.register("a", HERE, metadata=["red"], ttl=30, owner="mine")
    for owner in (None, "other"):
        for change in (
            lambda owner=owner: registry.register("a", "PYRO:evil@h:1", owner=owner),
            lambda owner=owner: registry.register("a", "PYRO:evil@h:1", ttl=30, owner=owner),
            lambda owner=owner: registry.set_metadata("a", ["blue"], owner=owner),
            lambda owner=owner: registry.remove("a", owner=owner),
        ):
            with pytest.raises(NameOwned, match="'a' is registered under a lease of somebody else"):
                change()
        assert registry.remove(prefix="a", owner=owner) == registry.remove(regex="a", owner=owner) == 0
    with pytest.raises(NameTaken):
        registry.register("a", "PYRO:evil@h:1", safe=True)
    assert registry.lookup("a", True) == (URI(HERE), {"red"})
    registry.set_metadata("a", ["blue"], owner="mine")
    registry.register("a", "PYRO:obj@localhost:5555", ttl=30, owner="mine")
    assert registry.remove(prefix="a", owner="mine") == 1


def test_a_lease_may_become_permanent(registry: Registry) -> None:
    registry.register("a", HERE, ttl=30, owner="mine")
    assert registry.register("a", HERE, owner="mine") is None
    registry.register("a", "PYRO:other@h:1")
    assert registry.remove("a") == 1


def test_renewing_tells_what_is_lost(registry: Registry) -> None:
    for name in ("a", "b"):
        registry.register(name, HERE, ttl=30, owner="mine")
    registry.register("theirs", HERE, ttl=30, owner="other")
    registry.register("permanent", HERE)
    assert registry.renew("a", "mine") == registry.renew(["a", "b"], owner="mine") == []
    assert registry.renew({"a", "theirs", "permanent", "missing"}, "mine") == [
        "missing",
        "permanent",
        "theirs",
    ]
    assert registry.renew("a", "other") == ["a"]


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        ({"ttl": 1}, ValueError, "ttl must be 2 to 604800 seconds, got 1"),
        ({"ttl": float("nan")}, ValueError, "ttl must be 2 to 604800 seconds, got nan"),
        ({"ttl": 1e9}, ValueError, "ttl must be 2 to 604800 seconds"),
        ({"ttl": "30"}, TypeError, "ttl must be a number of seconds, or None, got '30' of type str"),
        ({"ttl": True}, TypeError, "ttl must be a number of seconds"),
        ({"ttl": 30, "owner": ""}, ValueError, "owner must not be empty; leave it out"),
        ({"ttl": 30, "owner": 7}, TypeError, "owner must be a str, got int"),
        ({"ttl": 30, "owner": "x" * 201}, ValueError, "owner has 201 characters, at most 200"),
    ],
)
def test_a_lease_must_make_sense(
    registry: Registry, wrong: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        registry.register("a", HERE, **wrong)
    assert registry.list("a") == {}


def test_renewing_takes_names_and_an_owner(registry: Registry) -> None:
    with pytest.raises(TypeError, match="names must be a str or several of them, got int"):
        registry.renew(7, "mine")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="name must be a str, got int"):
        registry.renew([7], "mine")  # type: ignore[list-item]
    with pytest.raises(ValueError, match="1001 names, at most 1000"):
        registry.renew(map(str, range(1001)), "mine")
    with pytest.raises(TypeError, match="from_revision must be an int, or None, got str"):
        registry.watch("1")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="prefix must be a str"):
        registry.watch(prefix=1)  # type: ignore[arg-type]
