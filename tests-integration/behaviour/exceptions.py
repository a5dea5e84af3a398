"""Where a behaviour does not hold, and why. ``docs/reference/combinations.md`` says the same to users."""

from behaviour.clients import Combination

EXCEPTIONS: dict[tuple[str, ...], str] = {}
"""(behaviour, words of the combination ...) -> reason; "stock" stands for both stock servers."""


def reason_against(behaviour: str, combination: Combination) -> str | None:
    """Why a behaviour does not hold with a combination; None if it does."""
    words = {*combination, "stock"} if combination.server.startswith("pyro") else {*combination}
    for (name, *where), reason in EXCEPTIONS.items():
        if name == behaviour and words.issuperset(where):
            return reason
    return None
