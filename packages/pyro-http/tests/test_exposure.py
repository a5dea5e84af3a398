import pytest

from pyro_core.errors import SettingsError
from pyro_http.exposure import MAX_NAME_CHARS, Exposure


@pytest.mark.parametrize(
    ("patterns", "name", "allowed"),
    [
        ((r"http\..*",), "http.shop", True),
        ((r"http\..*",), "xhttp.shop", False),
        ((r"shop",), "shop2", False),
        (("a", "b"), "b", True),
        ((), "a", False),
        ((".*",), "a" * MAX_NAME_CHARS, True),
        ((".*",), "a" * (MAX_NAME_CHARS + 1), False),
        ((".*",), "", False),
    ],
)
def test_names_are_offered_that_a_pattern_matches_as_a_whole(
    patterns: tuple[str, ...], name: str, allowed: bool
) -> None:
    assert Exposure(patterns).allows(name) is allowed


def test_the_systems_own_objects_are_offered_only_on_purpose() -> None:
    assert not Exposure([".*", ".yro.*"]).allows("Pyro.NameServer")
    assert Exposure([r"Pyro\.Flame"]).allows("Pyro.Flame")


@pytest.mark.parametrize("pattern", ["(", "(a+)+b", "(a|a)*c"])
def test_patterns_that_cannot_be_matched_safely_are_refused(pattern: str) -> None:
    with pytest.raises(SettingsError, match=r"expose = .* cannot be used"):
        Exposure([pattern])
