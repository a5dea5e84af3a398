"""The contract of a name storage.

A third party writes one class, one entry point in the group ``pyro.nameserver.storage``, and one test that
calls the suite in ``pyro_core.testing.storages``. Where only the name server's process changes the names,
``pyro_nameserver.storage.local.LocalStorage`` does most of it.

**Names** have an address and tags. Names and tags are compared as they are: case counts, and no character is
a wildcard.

**Leases.** A name is permanent, or leased: then it has ``ttl_s``, in seconds, and an ``owner``, a text that
only the owner knows (the name server hands in a digest of that). ``renew`` makes the lease last ``ttl_s``
again from now on. When it has ended, the name is removed by ``expire``, which the name server calls about
twice a second, or by the engine behind the storage. Until then it counts as registered. Time is that of a
monotonic clock of this machine, or the engine's own: setting this machine's wall clock changes nothing. Where
nobody can renew leases while the storage is closed, as in a file, opening it makes them last their full time
again.

**Who may.** Methods that change a name take ``by``: the owner on whose behalf they are called, an empty text
for nobody in particular, or None for somebody who may change everything. A leased name is changed only for
its owner; see ``may_change``.

**Revisions.** Each step that changes something, of whichever process, takes the next revision, a growing
number; renewing changes nothing. The changes of one step have one revision and are delivered together. A
storage that begins anew begins at a revision unlike those of before (``first_revision``), so that a
subscriber from then is told so. Some of the last changes are kept; ``KEPT_CHANGES`` is a good number.

**Several processes** may use one store, if it is of a kind that can be shared. All of the above holds for
all of them together.

Errors: methods raise ``NamingError`` when the storage is unavailable; whether the change was made is then
unknown. Apart from that they raise what they are documented to raise.
"""

import abc
import secrets
from collections.abc import Iterable
from types import TracebackType
from typing import ClassVar, Final, Literal, NamedTuple, Self

from pyro_core.errors import NameOwned

NO_TAGS: frozenset[str] = frozenset()
"""The tags of a name that has none."""
KEPT_CHANGES: Final = 10_000
"""Changes that a storage keeps for those who subscribe later."""

ChangeKind = Literal["added", "changed", "removed", "expired"]


class Entry(NamedTuple):
    """What is known about one name.

    Attributes:
        uri: Its address, as text.
        tags: Its metadata.
        ttl_s: How long its lease lasts when renewed, in seconds; None if it is permanent.
        owner: Who may change it while it is leased; empty if it is permanent.
    """

    uri: str
    tags: frozenset[str]
    ttl_s: float | None = None
    owner: str = ""


class Change(NamedTuple):
    """One thing that happened to one name.

    Attributes:
        revision: Revision of the step that it belongs to.
        kind: What happened.
        name: The name.
        entry: What is known about it since then; None if it is gone.
    """

    revision: int
    kind: ChangeKind
    name: str
    entry: Entry | None


class Snapshot(NamedTuple):
    """All names at one moment.

    Attributes:
        revision: Revision of the last change in it.
        entries: Name -> entry; the caller owns the dict.
    """

    revision: int
    entries: dict[str, Entry]


def may_change(name: str, entry: Entry | None, by: str | None) -> None:
    """Check that a name may be changed on somebody's behalf.

    Args:
        name: The name.
        entry: What is known about it; None if nothing.
        by: As in the contract.

    Raises:
        NameOwned: If it may not.
    """
    if entry is not None and entry.ttl_s is not None and by is not None and by != entry.owner:
        raise NameOwned(name)


def first_revision() -> int:
    """Where the revisions of a new storage begin: unlike those of others, and exact in every serializer."""
    return secrets.randbelow(1_000_000) * 1_000_000_000 + 1_000_000_000


class Subscription(abc.ABC):
    """Gives the changes of a storage, in order and without a gap; used by one thread at a time."""

    @abc.abstractmethod
    def changes(self, timeout_s: float) -> list[Change]:
        """Those that were not given yet; waits for the first one.

        Args:
            timeout_s: How long to wait; 0 to look only.

        Returns:
            The changes; none if the time is up, or the storage is being closed.

        Raises:
            RevisionGone: If it was too slow, and changes were forgotten. It is of no more use then.
            NamingError: If the storage is unavailable; it goes on where it was when that is over.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of what it uses. May be called more than once."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Storage(abc.ABC):
    """A table from names to entries that several threads use at once.

    Every method is atomic, except that ``remove_many`` is so for each name. When a method that changes
    something has returned, the change survives whatever this kind of storage promises to survive. Found
    entries come in no particular order. See the module for what all methods have in common.

    Class attributes:
        name: What users type in front of the colon.
        takes_leases: False if it refuses leased names, with a NamingError.
    """

    name: ClassVar[str]
    takes_leases: ClassVar[bool] = True

    @classmethod
    @abc.abstractmethod
    def open(cls, location: str) -> Self:
        """Open the storage at a place.

        Args:
            location: What follows the colon in ``name:location``; empty if there is none.

        Raises:
            ValueError: If the location is none for this kind of storage; says what is expected.
            NamingError: If it cannot be opened or read.
        """

    # ---- changing

    @abc.abstractmethod
    def put(
        self,
        name: str,
        uri: str,
        tags: frozenset[str] = NO_TAGS,
        *,
        replace: bool = True,
        ttl_s: float | None = None,
        owner: str = "",
        by: str | None = None,
    ) -> bool:
        """Store an entry; what the name had before, a lease included, is gone.

        Args:
            name: Any text that UTF-8 can carry, not empty.
            uri: Address.
            tags: Its metadata.
            replace: False leaves a name that is there as it is.
            ttl_s: Makes it leased, for so many seconds; an engine may round up to whole ones.
            owner: Of the lease.
            by: On whose behalf.

        Returns:
            False if ``replace`` is, and the name was there.

        Raises:
            NameOwned: If somebody else has it leased.
        """

    @abc.abstractmethod
    def set_tags(self, name: str, tags: frozenset[str], *, by: str | None = None) -> bool:
        """Replace the tags of a name; its lease goes on as it was.

        Returns:
            False if there is no such name.

        Raises:
            NameOwned: If somebody else has it leased.
        """

    @abc.abstractmethod
    def remove(self, name: str, *, only_uri: str | None = None, by: str | None = None) -> bool:
        """Forget a name.

        Args:
            name: The name.
            only_uri: If given, forget the name only while it still has this address.
            by: On whose behalf.

        Returns:
            True if it was there and is gone.

        Raises:
            NameOwned: If somebody else has it leased.
        """

    @abc.abstractmethod
    def remove_many(self, names: Iterable[str], *, by: str | None = None) -> int:
        """Forget several names, except those that somebody else has leased; gives how many were forgotten."""

    @abc.abstractmethod
    def renew(self, names: Iterable[str], *, by: str | None = None) -> frozenset[str]:
        """Make the leases of several names last their full time again.

        Returns:
            The names whose lease was renewed; not those that are unknown, permanent or somebody else's.
        """

    @abc.abstractmethod
    def expire(self) -> list[str]:
        """Forget the names whose lease has ended.

        Returns:
            Those that this call has forgotten; always none if the engine does that by itself.
        """

    # ---- reading

    @abc.abstractmethod
    def get(self, name: str) -> Entry | None:
        """The entry of a name, or None."""

    def time_left(self, names: Iterable[str]) -> dict[str, float]:
        """Seconds that leases still last, of those of the names that are leased; none where nobody knows."""
        return {}

    @abc.abstractmethod
    def count(self) -> int:
        """How many names there are."""

    @abc.abstractmethod
    def find(self, prefix: str = "") -> dict[str, Entry]:
        """All entries whose name begins with a text; the caller owns the dict."""

    @abc.abstractmethod
    def find_all_tags(self, tags: frozenset[str]) -> dict[str, Entry]:
        """All entries that have every one of these tags (so all, for no tags)."""

    @abc.abstractmethod
    def find_any_tag(self, tags: frozenset[str]) -> dict[str, Entry]:
        """All entries that have at least one of these tags (so none, for no tags)."""

    @abc.abstractmethod
    def snapshot(self) -> Snapshot:
        """All entries, and the revision that they are of."""

    @abc.abstractmethod
    def subscribe(self, after: int) -> Subscription:
        """Begin to take changes, of whichever process.

        Args:
            after: The revision after which to begin, such as that of a snapshot.

        Raises:
            RevisionGone: If what came after it is not known any more, or it is none of this storage. The
                first ``changes`` may say so instead.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of files and connections. May be called more than once; nothing else may follow."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
