"""An exception that the server and those clients who want to know it have in common."""

from pyro_core import ClassRules


class SoldOut(Exception):
    """A dish is not to be had.

    Args:
        dish: Which one.
        instead: What there is instead.
    """

    def __init__(self, dish: str, instead: list[str]) -> None:
        super().__init__(dish, instead)
        self.dish = dish
        self.instead = instead

    def __str__(self) -> str:
        return f"no more {self.dish}; there is {' and '.join(self.instead)}"


RULES = ClassRules()
RULES.register(SoldOut, "kitchen.SoldOut")
