"""The contract of a name storage.

A third party writes one class, one entry point in the group ``pyro.nameserver.storage``, and one test that
calls the suite in ``pyro_core.testing.storages``.
"""

import abc
from collections.abc import Iterable
from types import TracebackType
from typing import ClassVar, NamedTuple, Self

NO_TAGS: frozenset[str] = frozenset()
"""The tags of a name that has none."""


class Entry(NamedTuple):
    """What is known about one name.

    Attributes:
        uri: Its address, as text.
        tags: Its metadata.
    """

    uri: str
    tags: frozenset[str]


class Storage(abc.ABC):
    """A table from names to entries that several threads use at once.

    Every method is atomic. When a method that changes something has returned, the change survives whatever
    this kind of storage promises to survive. Names and tags are compared as they are: case counts, and no
    character is a wildcard. Found entries come in no particular order.

    Class attributes:
        name: What users type in front of the colon.
    """

    name: ClassVar[str]

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

    @abc.abstractmethod
    def put(self, name: str, uri: str, tags: frozenset[str] = NO_TAGS, *, replace: bool = True) -> bool:
        """Store an entry.

        Args:
            name: Any text that UTF-8 can carry, not empty.
            uri: Address.
            tags: Its metadata; what the name had before is gone.
            replace: False leaves a name that is there as it is.

        Returns:
            False if the name was there and stays as it was.
        """

    @abc.abstractmethod
    def get(self, name: str) -> Entry | None:
        """The entry of a name, or None."""

    @abc.abstractmethod
    def set_tags(self, name: str, tags: frozenset[str]) -> bool:
        """Replace the tags of a name; False if there is no such name."""

    @abc.abstractmethod
    def remove(self, name: str, *, only_uri: str | None = None) -> bool:
        """Forget a name.

        Args:
            name: The name.
            only_uri: If given, forget the name only while it still has this address.

        Returns:
            True if it was there and is gone.
        """

    @abc.abstractmethod
    def remove_many(self, names: Iterable[str]) -> int:
        """Forget several names in one step; gives the number of those that were there."""

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
    def close(self) -> None:
        """Let go of files and connections. May be called more than once; nothing else may follow."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
