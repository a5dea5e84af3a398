import threading
from typing import Any

import pytest

from pyro_core.errors import DaemonError
from pyro_server import behavior, expose
from pyro_server.instances import Sessions, instance_for, method_for
from pyro_server.objects import ObjectTable


def thing_class(mode: Any, creator: Any = None) -> Any:
    @expose
    class Thing:
        def me(self) -> object:
            return self

    return behavior(mode, instance_creator=creator)(Thing)


def test_one_instance_for_each_connection() -> None:
    table = ObjectTable()
    entry = table.add(thing_class("session"))
    one, other = Sessions(), Sessions()
    first = instance_for(entry, one, table)
    assert instance_for(entry, one, table) is first
    assert instance_for(entry, other, table) is not first
    assert method_for(entry, "me", one, table)() is first
    assert one.owns(first) is entry
    assert other.owns(first) is None
    one.clear()
    assert one.owns(first) is None


def test_one_instance_for_the_daemon_which_is_known_by_its_identity() -> None:
    table = ObjectTable()
    entry = table.add(thing_class("single"))
    first = instance_for(entry, Sessions(), table)
    assert instance_for(entry, Sessions(), table) is first
    assert method_for(entry, "me", Sessions(), table)() is first
    assert table.entry_of(first) is entry


def test_two_threads_that_come_first_share_the_one_instance() -> None:
    meet = threading.Barrier(2, timeout=10)
    made: list[object] = []

    def slow_creator(cls: Any) -> Any:
        made.append(cls())
        return made[-1]

    table = ObjectTable()
    entry = table.add(thing_class("single", slow_creator))
    seen: list[object] = []

    def use() -> None:
        meet.wait()
        seen.append(instance_for(entry, Sessions(), table))

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert seen == [made[0], made[0]]


def test_a_new_instance_for_each_call() -> None:
    table = ObjectTable()
    entry = table.add(thing_class("percall"))
    sessions = Sessions()
    assert method_for(entry, "me", sessions, table)() is not method_for(entry, "me", sessions, table)()


def test_the_creator_makes_the_instance_and_may_give_a_subclass() -> None:
    def creator(cls: Any) -> Any:
        class Special(cls):  # type: ignore[misc]
            def me(self) -> str:
                return "special"

        return Special()

    table = ObjectTable()
    entry = table.add(thing_class("session", creator))
    assert method_for(entry, "me", Sessions(), table)() == "special"


def test_a_creator_that_gives_something_else_is_an_error() -> None:
    table = ObjectTable()
    entry = table.add(thing_class("session", lambda cls: "no thing"))
    with pytest.raises(TypeError, match="must give an instance of Thing, got 'no thing'"):
        instance_for(entry, Sessions(), table)


def test_no_instance_is_made_for_a_method_that_does_not_exist() -> None:
    table = ObjectTable()
    entry = table.add(thing_class("session", lambda cls: pytest.fail("an instance was made")))
    with pytest.raises(AttributeError, match="unexposed or unknown remote attribute 'nope'"):
        method_for(entry, "nope", Sessions(), table)
    with pytest.raises(AttributeError, match="private attribute '_nope'"):
        method_for(entry, "_nope", Sessions(), table)


def test_a_weakly_registered_object_that_just_went_away_is_unknown() -> None:
    table = ObjectTable()
    thing = thing_class("session")()
    entry = table.add(thing, weak=True)
    assert instance_for(entry, Sessions(), table) is thing
    assert method_for(entry, "me", Sessions(), table)() is thing
    del thing
    with pytest.raises(DaemonError, match="unknown object"):
        instance_for(entry, Sessions(), table)
