import gc
import weakref

import pytest

from pyro_core.errors import DaemonError
from pyro_core.names import DAEMON_ID
from pyro_server import behavior, expose
from pyro_server.objects import ObjectTable, Registration


@expose
class Thing:
    def method(self) -> str:
        return "original"


class Slotted:
    __slots__ = ("x",)


def test_a_class_and_an_instance_of_it_are_both_registered() -> None:
    """D1: as the stock manual's own example does it."""
    table = ObjectTable()
    thing = Thing()
    assert table.add(Thing, "class").mode == "session"
    assert table.add(thing, "instance").mode == "object"
    assert table.entry_of(Thing) is table.by_id["class"]
    assert table.entry_of(thing) is table.by_id["instance"]
    assert table.entry_of(Thing()) is None


def test_an_id_is_made_up_when_none_is_given() -> None:
    entry = ObjectTable().add(Thing())
    assert entry.object_id.startswith("obj_")
    assert len(entry.object_id) == 36


def test_objects_that_take_no_attributes_can_be_registered_in_several_tables() -> None:
    thing = Slotted()
    for table in (ObjectTable(), ObjectTable()):
        assert table.add(thing, "thing").target is thing


def test_ids_and_objects_are_registered_once() -> None:
    table = ObjectTable()
    thing = Thing()
    table.add(thing, "thing")
    with pytest.raises(DaemonError, match="already registered with id 'thing'"):
        table.add(Thing(), "thing")
    with pytest.raises(DaemonError, match="already registered, with id 'thing'"):
        table.add(thing, "other")
    with pytest.raises(TypeError, match="object_id must be a str"):
        table.add(Thing(), 5)  # type: ignore[arg-type]
    with pytest.raises(DaemonError, match="must not be empty"):
        table.add(Thing(), "")


def test_force_replaces_both_the_id_and_the_object_that_had_it() -> None:
    table = ObjectTable()
    first, second = Thing(), Thing()
    table.add(first, "one")
    table.add(second, "two")
    table.add(first, "two", force=True)
    assert list(table) == ["two"]
    assert table.entry_of(second) is None


def test_the_daemons_own_id_is_reserved() -> None:
    table = ObjectTable()
    table.add(Thing(), DAEMON_ID)
    with pytest.raises(DaemonError, match="reserved"):
        table.add(Thing(), DAEMON_ID, force=True)
    with pytest.raises(DaemonError, match="cannot be unregistered"):
        table.remove(DAEMON_ID)


def test_unregistering_by_object_by_id_and_of_what_is_not_there() -> None:
    table = ObjectTable()
    thing = Thing()
    table.add(thing, "thing")
    table.remove(thing)
    assert table.entry_of(thing) is None
    table.add(thing, "thing")
    table.remove("thing")
    assert len(table) == 0
    table.remove("thing")
    with pytest.raises(DaemonError, match="not registered"):
        table.remove(thing)
    with pytest.raises(ValueError):
        table.remove(None)


def test_a_weakly_registered_object_disappears_by_itself() -> None:
    """D8"""
    table = ObjectTable()
    thing = Thing()
    entry = table.add(thing, "thing", weak=True)
    assert table.entry_of(thing) is entry
    del thing
    gc.collect()
    assert len(table) == 0
    with pytest.raises(DaemonError, match="cannot be registered weakly"):
        table.add(Thing, weak=True)


def test_an_identity_that_is_used_again_is_not_mistaken_for_the_object_that_had_it() -> None:
    table = ObjectTable()
    thing = Thing()
    entry = table.add(thing, "thing")
    other = Thing()
    table._ids[id(other)] = "thing"
    assert table.entry_of(other) is None
    assert table.entry_of(thing) is entry


def test_changes_of_a_class_are_seen_after_forgetting_its_members() -> None:
    @expose
    class Changing:
        def method(self) -> str:
            return "old"

    table = ObjectTable()
    entry = table.add(Changing(), "thing")
    Changing.method = expose(lambda self: "new")  # type: ignore[method-assign]
    assert entry.bound["method"]() == "old"
    table.forget_members(Changing)
    assert entry.bound["method"]() == "new"


def test_the_mode_of_a_class_comes_from_its_decorator() -> None:
    single = behavior("single", instance_creator=lambda cls: cls())(type("Single", (Thing,), {}))
    entry = ObjectTable().add(single)
    assert entry.mode == "single"
    assert entry.creator is not None


def test_a_registration_ends_once_and_only_itself() -> None:
    table = ObjectTable()
    thing, other = Thing(), Thing()
    registration = Registration(table, table.add(thing, "thing"))
    table.add(other, "thing", force=True)
    registration.close()  # the id belongs to the other one now
    assert table.entry_of(other) is not None
    Registration(table, table.add(thing, "again")).close()
    assert list(table) == ["thing"]


@pytest.mark.parametrize("way", ["remove", "close"])
def test_an_object_that_was_registered_for_a_session_goes_at_once(way: str) -> None:
    table, thing = ObjectTable(), Thing()
    gone = weakref.ref(thing)
    gc.disable()
    try:
        registration = Registration(table, table.add(thing, "thing"))
        table.remove(thing) if way == "remove" else registration.close()
        del registration, thing
        assert gone() is None
    finally:
        gc.enable()
