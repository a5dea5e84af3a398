"""What the name server asks of a storage, as far as the suite in ``pyro_core.testing.storages`` sees it.

The contract itself, in words, is in ``pyro_nameserver.storage.base``.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Protocol, Self

NO_TAGS: frozenset[str] = frozenset()


class Entry(Protocol):
    """What a storage gives for a name."""

    @property
    def uri(self) -> str:
        """Its address."""

    @property
    def tags(self) -> frozenset[str]:
        """Its metadata."""

    @property
    def ttl_s(self) -> float | None:
        """How long its lease lasts when renewed, in seconds; None if it is permanent."""

    @property
    def owner(self) -> str:
        """Owner of the lease."""


class Change(Protocol):
    """One thing that happened to one name."""

    @property
    def revision(self) -> int:
        """Revision of the step that it belongs to."""

    @property
    def kind(self) -> str:
        """``added``, ``changed``, ``removed`` or ``expired``."""

    @property
    def name(self) -> str:
        """The name."""

    @property
    def entry(self) -> Entry | None:
        """What is known about it since then; None if it is gone."""


class Snapshot(Protocol):
    """All names at one moment."""

    @property
    def revision(self) -> int:
        """Revision of the last change in it."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Name -> entry."""


class Subscription(Protocol):
    """Gives the changes of a storage."""

    def changes(self, timeout_s: float) -> Sequence[Change]: ...
    def close(self) -> None: ...


class Storage(Protocol):
    """What the name server asks of a storage."""

    takes_leases: ClassVar[bool]

    @classmethod
    def open(cls, location: str) -> Self: ...
    def put(
        self,
        name: str,
        uri: str,
        tags: frozenset[str] = ...,
        *,
        replace: bool = True,
        ttl_s: float | None = None,
        owner: str = "",
        by: str | None = None,
    ) -> bool: ...
    def get(self, name: str) -> Entry | None: ...
    def set_tags(self, name: str, tags: frozenset[str], *, by: str | None = None) -> bool: ...
    def remove(self, name: str, *, only_uri: str | None = None, by: str | None = None) -> bool: ...
    def remove_many(self, names: Iterable[str], *, by: str | None = None) -> int: ...
    def renew(self, names: Iterable[str], *, by: str | None = None) -> frozenset[str]: ...
    def expire(self) -> list[str]: ...
    def time_left(self, names: Iterable[str]) -> Mapping[str, float]: ...
    def count(self) -> int: ...
    def find(self, prefix: str = "") -> Mapping[str, Entry]: ...
    def find_all_tags(self, tags: frozenset[str]) -> Mapping[str, Entry]: ...
    def find_any_tag(self, tags: frozenset[str]) -> Mapping[str, Entry]: ...
    def snapshot(self) -> Snapshot: ...
    def subscribe(self, after: int) -> Subscription: ...
    def close(self) -> None: ...
