"""The objects that one daemon offers, found by id and by identity.

Nothing is written on the objects themselves, so anything can be registered: a class and instances of it,
objects with ``__slots__``, one object in several daemons.
"""

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import uuid4

from pyro_core.errors import DaemonError
from pyro_core.expose import INSTANCING_MARK, InstanceMode
from pyro_core.members import Attribute, MemberTable, Method, members_of
from pyro_core.names import DAEMON_ID
from pyro_server.refusals import not_exposed

Bound = dict[str, Callable[..., Any]]


class Entry:
    """One registered object or class.

    Attributes:
        object_id: Its id.
        target: The object or class; for a weak registration the weak reference to it.
        members: What it offers.
        mode: ``"object"`` if the target itself serves the calls, ``"weak"`` if it does as long as it lives,
            otherwise the instance mode of a class.
        creator: Makes instances of a class; None calls it without arguments.
        bound: Name -> what to call, if that is the same for all callers; empty if it is not.
        lock: Held while the one instance of mode ``"single"`` is made.
        instance: That instance, or for ``"object"`` the target.
        registration: Ends the registration when a connection ends; None if none does.
    """

    __slots__ = (
        "bound",
        "creator",
        "instance",
        "lock",
        "members",
        "mode",
        "object_id",
        "registration",
        "target",
    )

    def __init__(self, object_id: str, target: Any, members: MemberTable, *, weak: bool) -> None:
        self.object_id = object_id
        self.members = members
        self.creator: Callable[[Any], Any] | None = None
        self.mode: InstanceMode | str = "object"
        self.bound: Bound = {}
        self.instance: Any = None
        self.lock = threading.Lock()
        self.registration: Registration | None = None
        self.target: Any = weakref.ref(target) if weak else target
        if isinstance(target, type):
            self.mode, self.creator = getattr(target, INSTANCING_MARK, ("session", None))
        elif weak:
            self.mode = "weak"
        else:
            self.settle(target)

    def settle(self, instance: Any) -> None:
        """From now on this instance serves the calls of everybody."""
        self.instance = instance
        self.bound = self.bind(instance)

    def bind(self, instance: Any) -> Bound:
        """Name -> what to call, for one instance."""
        members = self.members
        return {name: method.bound_to(instance, members.cls) for name, method in members.methods.items()}

    def is_for(self, candidate: object) -> bool:
        """Whether this is the registration of that very object (or of the one instance of a class)."""
        if self.mode == "weak":
            return self.target() is candidate
        return self.target is candidate or (self.instance is candidate and candidate is not None)


class Registration:
    """Something to close when an object is to be offered no longer.

    It lives as long as the object is registered: whoever tracks it weakly has nothing to do after that.

    Args:
        table: Where the object is registered.
        entry: Its entry.
    """

    __slots__ = ("__weakref__", "_entry", "_table")

    def __init__(self, table: "ObjectTable", entry: Entry) -> None:
        self._table = table
        self._entry = entry
        entry.registration = self

    def close(self) -> None:
        """Unregister the object, unless something else has its id by now."""
        self._table.discard(self._entry)


class ObjectTable:
    """The registered objects of one daemon. Reading is safe from any thread, without a lock.

    Attributes:
        by_id: Object id -> entry.
    """

    def __init__(self) -> None:
        self.by_id: dict[str, Entry] = {}
        self._ids: dict[int, str] = {}  # id() of a registered object or class -> object id
        self._members: dict[tuple[type, frozenset[str]], MemberTable] = {}
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self.by_id)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.by_id))

    def add(
        self,
        target: Any,
        object_id: str | None = None,
        *,
        force: bool = False,
        weak: bool = False,
        expose: Iterable[str] = (),
    ) -> Entry:
        """Register an object or a class.

        Args:
            target: The object or class.
            object_id: Its id; None makes one up.
            force: Replace what has that id, and forget the id that the target had.
            weak: Do not keep the object alive; it is unregistered when it goes away.
            expose: Names to expose beside the decorated ones.

        Raises:
            TypeError: If the id is not text.
            DaemonError: If the id is taken or reserved, or the target is registered already.
        """
        if object_id is None:
            object_id = f"obj_{uuid4().hex}"
        elif not isinstance(object_id, str):
            raise TypeError(f"object_id must be a str or None, got {object_id!r}")
        elif not object_id:
            raise DaemonError("object_id must not be empty; leave it out to have one made up")
        with self._lock:
            self._check_free(target, object_id, force=force)
            if weak and isinstance(target, type):
                raise DaemonError(f"a class cannot be registered weakly: {target!r}; register an instance")
            entry = Entry(object_id, target, self.members(target, expose), weak=weak)
            if force:
                self._displace(target, object_id)
            self.by_id[object_id] = entry
            self._ids[id(target)] = object_id
            if weak:
                weakref.finalize(target, self._collected, entry, id(target)).atexit = False
            return entry

    def members(self, target: Any, expose: Iterable[str] = ()) -> MemberTable:
        """The exposed members of an object's class, or of a class; built once."""
        cls = target if isinstance(target, type) else type(target)
        key = (cls, frozenset(expose))
        table = self._members.get(key)
        if table is None:
            table = self._members[key] = self.table_of(cls, key[1])
        return table

    def table_of(self, cls: type, expose: Iterable[str]) -> MemberTable:
        """What a class exposes; override for other rules. Raises DaemonError as ``members_of`` does."""
        return members_of(cls, expose)

    def method(self, entry: Entry, name: str) -> Method:
        """An exposed method; override to find more. Raises AttributeError if there is none of that name."""
        found = entry.members.methods.get(name)
        if found is None:
            raise not_exposed(name)
        return found

    def attribute(self, entry: Entry, name: str) -> Attribute:
        """An exposed property; override to find more. Raises AttributeError if there is none of that name."""
        found = entry.members.attributes.get(name)
        if found is None:
            raise not_exposed(name)
        return found

    def forget_members(self, target: Any) -> None:
        """Look again at what a class exposes, after it was changed while registered.

        Args:
            target: The class, or a registered object of it.
        """
        cls = target if isinstance(target, type) else type(target)
        with self._lock:
            for key in [key for key in self._members if key[0] is cls]:
                fresh = self._members[key] = self.table_of(*key)
                for entry in self.by_id.values():
                    if entry.members.cls is cls:
                        entry.members = fresh
                        if entry.bound:
                            entry.bound = entry.bind(entry.instance)

    def entry_of(self, candidate: object) -> Entry | None:
        """The registration of this very object, class, or single instance of a class; None if it has none."""
        object_id = self._ids.get(id(candidate))
        entry = self.by_id.get(object_id) if object_id is not None else None
        return entry if entry is not None and entry.is_for(candidate) else None

    def settle(self, entry: Entry, instance: Any) -> None:
        """Make the one instance of a class known."""
        with self._lock:
            entry.settle(instance)
            if self.by_id.get(entry.object_id) is entry:
                self._ids.setdefault(id(instance), entry.object_id)

    def remove(self, target_or_id: Any) -> str:
        """Unregister an object, a class or an id; gives the id. An unknown one is no error.

        Raises:
            ValueError: For None.
            DaemonError: If the object is not registered, or the id is reserved.
        """
        if target_or_id is None:
            raise ValueError("the object or id to unregister must not be None")
        with self._lock:
            if isinstance(target_or_id, str):
                object_id = target_or_id
            else:
                entry = self.entry_of(target_or_id)
                if entry is None:
                    raise DaemonError(f"object is not registered in this daemon: {target_or_id!r:.120}")
                object_id = entry.object_id
            if object_id == DAEMON_ID:
                raise DaemonError(f"{DAEMON_ID!r} cannot be unregistered: every daemon has it")
            self._forget(object_id)
        return object_id

    def discard(self, entry: Entry) -> None:
        """End one registration, if it has not ended."""
        with self._lock:
            if self.by_id.get(entry.object_id) is entry:
                self._forget(entry.object_id)

    def _displace(self, target: Any, object_id: str) -> None:
        """Make room for a target that gets an id by force."""
        self._forget(object_id)
        self._forget(self._ids.get(id(target), ""))

    def _check_free(self, target: Any, object_id: str, *, force: bool) -> None:
        if object_id == DAEMON_ID and DAEMON_ID in self.by_id:
            raise DaemonError(f"object id {DAEMON_ID!r} is reserved for the daemon itself; choose another")
        if force:
            return
        if object_id in self.by_id:
            raise DaemonError(
                f"an object or class is already registered with id {object_id!r}; "
                "choose another, unregister it first, or pass force=True"
            )
        existing = self.entry_of(target)
        if existing is not None:
            raise DaemonError(
                f"object or class is already registered, with id {existing.object_id!r}; "
                "use that, unregister it first, or pass force=True"
            )

    def _forget(self, object_id: str) -> None:
        entry = self.by_id.pop(object_id, None)
        if entry is not None:
            entry.registration = None  # which refers to it: the object is to go now, not with a collection
            for key in [key for key, value in self._ids.items() if value == object_id]:
                del self._ids[key]

    def _collected(self, entry: Entry, identity: int) -> None:
        """A weakly registered object is gone."""
        with self._lock:
            if self.by_id.get(entry.object_id) is entry:
                del self.by_id[entry.object_id]
            if self._ids.get(identity) == entry.object_id:
                del self._ids[identity]
