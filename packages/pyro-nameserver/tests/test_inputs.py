"""What callers may hand in, as the registry checks it."""

from typing import Any

import pytest

from pyro_core.errors import PyroError
from pyro_nameserver.registry import Registry
from pyro_nameserver.storage.memory import MemoryStorage

HERE = "PYRO:obj@localhost:4444"


@pytest.fixture
def registry() -> Registry:
    return Registry(MemoryStorage())


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((1, HERE), TypeError, "name must be a str, got int"),
        (("", HERE), ValueError, "name must not be empty"),
        (("a", 1), TypeError, "only URIs or strings can be registered, got int"),
        (("a", "bogus"), PyroError, "invalid uri"),
        (("a", HERE, False, "tag"), TypeError, "metadata should not be a str, but another iterable"),
        (("a", HERE, False, 3), TypeError, "metadata should not be a int, but another iterable"),
        (("a", HERE, False, [1]), TypeError, "metadata must consist of str, got 1 of type int"),
        (("a", HERE, False, b"x"), TypeError, "metadata must consist of str"),
        (("\ud800", HERE), ValueError, "surrogate"),
        (("a", HERE, False, ["\ud800"]), ValueError, "surrogate"),
    ],
)
def test_nonsense_is_not_registered(
    registry: Registry, arguments: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        registry.register(*arguments)
    assert registry.count() == 0


@pytest.mark.parametrize(
    ("arguments", "too_long"),
    [
        (("n" * 1000, HERE), ("n" * 1001, HERE)),
        (("a", f"PYRO:{'o' * 1991}@h:1"), ("a", f"PYRO:{'o' * 1992}@h:1")),
        (("a", HERE, False, ["t" * 1000]), ("a", HERE, False, ["t" * 1001])),
        (
            ("a", HERE, False, [str(n) for n in range(1000)]),
            ("a", HERE, False, [str(n) for n in range(1001)]),
        ),
    ],
)
def test_sizes_are_limited(registry: Registry, arguments: Any, too_long: Any) -> None:
    registry.register(*arguments)
    with pytest.raises(ValueError, match=r"at most [12]000 are allowed"):
        registry.register(*too_long)
