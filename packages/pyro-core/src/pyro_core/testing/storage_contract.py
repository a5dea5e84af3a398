"""What the name server asks of a storage, as far as the suite in ``pyro_core.testing.storages`` sees it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, Self


class Entry(Protocol):
    """What a storage gives for a name: also a tuple of these two."""

    @property
    def uri(self) -> str:
        """Its address."""

    @property
