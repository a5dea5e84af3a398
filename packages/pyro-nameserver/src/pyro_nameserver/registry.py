"""The name server's remote object: what clients of both generations call."""

import builtins
import difflib
import secrets
from collections.abc import Iterable, Iterator
from threading import Lock
from typing import Any, Final

from pyro_core.context import serving
from pyro_core.errors import NameNotFound, NameTaken, NamingError
from pyro_core.expose import expose
from pyro_core.names import NAMESERVER_ID, PROTOCOL_48
from pyro_core.settings import Limits
from pyro_core.uri import URI
from pyro_nameserver.access import Access, Role
from pyro_nameserver.changes import ChangeFeed
from pyro_nameserver.inputs import (
    MAX_NAME_CHARS,
    check_one_filter,
    checked_name,
    checked_names,
    checked_owner,
    checked_revision,
    checked_tags,
    checked_text,
    checked_ttl,
    checked_uri,
)
from pyro_nameserver.patterns import PatternSearch
from pyro_nameserver.storage.base import Entry, Storage

OWN_TAGS: Final = frozenset(
    ["class:Pyro5.nameserver.NameServer", "class:Pyro4.naming.NameServer", "class:pyro_nameserver.Registry"]
)
"""Tags of the name server's own entry: those by which either generation's programs find it, and ours."""

MAX_NAMES: Final = 1_000_000
"""Names that one name server takes."""
_NEAR_AMONG: Final = 200
"""Similar names are looked for only among so few: clients that wait for a name ask often."""
_ROOM_STEP: Final = 1_000
"""Registrations between two counts of all names."""


class Registry:
    """Names, addresses and tags, for remote callers.

    The name server's own name is kept here and not in the storage; no caller can replace or remove it.

    Args:
        storage: Where the names are kept; stays the caller's to close.
        limits: Bounds on queries.
        max_names: Names to take at most.
        changes: Passes changes on to watchers; stays the caller's to stop.
        access: Says who may do what; None for everybody everything, but to other people's leases.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        limits: Limits | None = None,
        max_names: int = MAX_NAMES,
        changes: ChangeFeed | None = None,
        access: Access | None = None,
    ) -> None:
        limits = limits or Limits()
        self._storage = storage
        self._changes = ChangeFeed(storage) if changes is None else changes
        self._patterns = PatternSearch(
            max_pattern_chars=limits.max_query_regex_chars, match_s=limits.query_regex_s
        )
        self._access = access or Access()
        self._max_names = max_names
        self._room = 0
        self._room_lock = Lock()
        self._own: dict[str, Entry] = {}

    def announce(self, uri: URI, tags: frozenset[str] = OWN_TAGS) -> None:
        """Tell where this name server itself is, and its tags (not for remote callers)."""
        self._storage.remove(NAMESERVER_ID)  # what a stock name server left in a file
        self._own = {NAMESERVER_ID: Entry(str(uri), tags)}

    @expose
    def ping(self) -> None:
        """Nothing; shows that the name server answers."""

    @expose
    def count(self) -> int:
        """How many names are registered, the name server's own included."""
        return self._storage.count() + len(self._own)

    @expose
    def lookup(self, name: str, return_metadata: bool = False) -> Any:
        """The address of a name.

        Args:
            name: A registered name.
            return_metadata: True to get a pair of address and tags.

        Raises:
            NameNotFound: If nobody registered it.
        """
        entry = self._entry(checked_text("name", name))
        uri = URI(entry.uri)
        return (uri, _for_caller(entry.tags)) if return_metadata else uri

    @expose
    def register(
        self,
        name: str,
        uri: URI | str,
        safe: bool = False,
        metadata: Iterable[str] | None = None,
        ttl: float | None = None,
        owner: str | None = None,
    ) -> str | None:
        """Give an address a name, permanently or under a lease.

        A leased name is gone when it was not renewed for ``ttl`` seconds. Until then only who gives the same
        ``owner`` can change it.

        Args:
            name: Any text but an empty one.
            uri: The address; it is not checked whether somebody answers there.
            safe: True to leave a registered name as it is, and be told so.
            metadata: Tags of the name; what it had before is gone.
            ttl: How long the lease lasts, in seconds, 2 to 604800; None for a permanent name.
            owner: A secret text of the caller's own; one is made up if a lease has none.

        Returns:
            The owner's token of a leased name, None for a permanent one.

        Raises:
            NameTaken: If ``safe`` is given and the name is registered.
            NameOwned: If somebody else has it leased.
            NamingError: If the name is the name server's own, there are too many names, or the storage has no
                leases.
            PyroError: If the address is none.
        """
        name = checked_name(name)
        address = checked_uri(uri)
        tags = checked_tags("metadata", metadata)
        self._make_room(name)
        ttl_s = checked_ttl(ttl)
        if ttl_s is not None and owner is None:
            owner = secrets.token_urlsafe(16)
        holder = "" if ttl_s is None else checked_owner(owner) or ""
        by = self._on_behalf_of(owner)
        if not self._storage.put(name, address, tags, replace=not safe, ttl_s=ttl_s, owner=holder, by=by):
            raise NameTaken(name)
        return None if ttl_s is None else owner

    @expose
    def renew(self, names: str | Iterable[str], owner: str) -> builtins.list[str]:
        """Make leases last their full time again.

        Args:
            names: One name, or several, at most 1000.
            owner: The token they were registered with.

        Returns:
            The names that have no lease of this owner (any more): those are to be registered again.
        """
        wanted = checked_names(names)
        renewed = self._storage.renew(wanted, by=self._on_behalf_of(owner))
        return sorted(wanted - renewed)

    @expose
    def time_left(self, names: str | Iterable[str]) -> dict[str, float]:
        """How many seconds leases still last, of those of the names that are leased.

        Args:
            names: One name, or several, at most 1000.

        Returns:
            Name -> seconds; nothing of permanent names, and none where the storage does not know.
        """
        return self._storage.time_left(checked_names(names))

    @expose
    def watch(self, from_revision: int | None = None, prefix: str = "") -> Iterator[dict[str, Any]]:
        """Changes from now on, as an item stream; see ``pyro_nameserver.changes`` for what the items are.

        The name server's own name is not told of.

        Args:
            from_revision: Revision of the last item that is known, to go on after it; 0 for all names first;
                None for what happens next.
            prefix: Only names that begin with this.
        """
        return self._changes.watch(checked_revision(from_revision), checked_text("prefix", prefix))

    @expose
    def set_metadata(self, name: str, metadata: Iterable[str], owner: str | None = None) -> None:
        """Replace the tags of a name.

        Args:
            name: A registered name.
            metadata: Its tags from now on.
            owner: The token that it was registered with, if it is leased.

        Raises:
            NameNotFound: If nobody registered it.
            NameOwned: If somebody else has it leased.
            NamingError: If it is the name server's own.
        """
        name = checked_name(name)
        tags = checked_tags("metadata", metadata)
        if not self._storage.set_tags(name, tags, by=self._on_behalf_of(owner)):
            raise self._not_found(name)

    @expose
    def remove(
        self,
        name: str | None = None,
        prefix: str | None = None,
        regex: str | None = None,
        owner: str | None = None,
    ) -> int:
        """Forget one name, or all those with a prefix, or all those whose beginning matches a pattern.

        Args:
            name: A name.
            prefix: Beginning of names.
            regex: A regular expression.
            owner: The token that leased ones among them were registered with.

        Returns:
            How many names are gone. The name server's own always stays; so do, of several, those that
            somebody else has leased.

        Raises:
            ValueError: If more than one filter is given.
            NameOwned: If somebody else has the one name leased.
            NamingError: If the pattern is none, or too costly.
        """
        check_one_filter(name, prefix, regex)
        by = self._on_behalf_of(owner)
        if name:
            return int(self._storage.remove(checked_text("name", name), by=by))
        if prefix:
            return self._storage.remove_many(self._storage.find(checked_text("prefix", prefix)), by=by)
        if regex:
            names = self._patterns.matching(checked_text("regex", regex), self._storage.find())
            return self._storage.remove_many(names, by=by)
        return 0

    @expose
    def yplookup(
        self,
        meta_all: Iterable[str] | None = None,
        meta_any: Iterable[str] | None = None,
        return_metadata: bool = True,
    ) -> dict[str, Any]:
        """The names that have certain tags, as Pyro5 programs ask for them.

        Args:
            meta_all: Tags that a name must all have; an empty collection finds nothing.
            meta_any: Tags of which a name must have one or more.
            return_metadata: False to get addresses without tags.

        Raises:
            ValueError: If both are given.
        """
        if meta_all and meta_any:
            raise ValueError("you can't use meta_all or meta_any at the same time")
        if not meta_all and not meta_any:
            return {}
        return _answer(self._with_tags(meta_all, meta_any), return_metadata)

    @expose
    def list(
        self,
        prefix: str | None = None,
        regex: str | None = None,
        metadata_all: Iterable[str] | bool | None = None,
        metadata_any: Iterable[str] | None = None,
        return_metadata: bool = False,
    ) -> dict[str, Any]:
        """All names, or some: with a prefix, matching a pattern, or having certain tags.

        Args:
            prefix: Beginning of the names, taken literally.
            regex: A regular expression that the beginning of the names must match.
            metadata_all: Tags that a name must all have. Here Pyro5 programs pass ``return_metadata``: a bool
                is taken as that.
            metadata_any: Tags of which a name must have one or more.
            return_metadata: True to get a pair of address and tags for each name.

        Returns:
            Name -> address as text, or name -> (address as text, tags).

        Raises:
            ValueError: If more than one filter is given.
            NamingError: If the pattern is none, or too costly.
        """
        if isinstance(metadata_all, bool):
            return_metadata, metadata_all = metadata_all, None
        check_one_filter(prefix, regex, metadata_all, metadata_any)
        if metadata_all or metadata_any:
            found = self._with_tags(metadata_all, metadata_any)
        elif regex:
            everything = self._storage.find() | self._own
            names = self._patterns.matching(checked_text("regex", regex), everything)
            found = {name: everything[name] for name in names}
        else:
            prefix = checked_text("prefix", prefix or "")
            found = self._storage.find(prefix)
            found.update({name: entry for name, entry in self._own.items() if name.startswith(prefix)})
        return _answer(found, return_metadata)

    def _on_behalf_of(self, owner: str | None) -> str | None:
        """Whom a call acts for, as storages understand it; None is for one who may do everything.

        Raises:
            SecurityError: If the caller may only look names up.
        """
        holder = checked_owner(owner) or ""
        return None if self._access.required(Role.REGISTER) is Role.ADMIN else holder

    def _with_tags(self, every: Iterable[str] | None, some: Iterable[str] | None) -> dict[str, Entry]:
        if every:
            tags = checked_tags("metadata_all", every)
            own = {name: entry for name, entry in self._own.items() if tags <= entry.tags}
            return self._storage.find_all_tags(tags) | own
        tags = checked_tags("metadata_any", some)
        own = {name: entry for name, entry in self._own.items() if tags & entry.tags}
        return self._storage.find_any_tag(tags) | own

    def _entry(self, name: str) -> Entry:
        entry = self._own.get(name) or self._storage.get(name)
        if entry is None:
            raise self._not_found(name)
        return entry

    def _not_found(self, name: str) -> NameNotFound:
        if self._storage.count() > _NEAR_AMONG:
            return NameNotFound(name)
        return NameNotFound(name, difflib.get_close_matches(name[:MAX_NAME_CHARS], self._storage.find()))

    def _make_room(self, name: str) -> None:
        """Refuse a new name when there are too many, without counting them every time."""
        with self._room_lock:
            if self._room == 0:
                self._room = min(self._max_names - self._storage.count(), _ROOM_STEP)
            if self._room > 0:
                self._room -= 1
                return
            self._room = 0
        if self._storage.get(name) is None:
            raise NamingError(
                f"cannot register {name!r}: there are {self._max_names} names already, the most allowed; "
                "remove those whose servers are gone"
            )


def _answer(found: dict[str, Entry], with_tags: bool) -> dict[str, Any]:
    if with_tags:
        return {name: (entry.uri, _for_caller(entry.tags)) for name, entry in found.items()}
    return {name: entry.uri for name, entry in found.items()}


def _for_caller(tags: frozenset[str]) -> set[str] | builtins.list[str]:
    """Tags in the form that the caller's generation knows: Pyro4 sends lists."""
    call = serving()
    return sorted(tags) if call is not None and call.version == PROTOCOL_48 else set(tags)
