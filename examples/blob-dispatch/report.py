"""What clients send to listeners. The dispatcher does not have this module's rules, and needs none."""

from dataclasses import dataclass

from pyro_core import ClassRules


@dataclass
class Report:
    """A class of one's own.

    Attributes:
        reporter: Who says it.
        text: What is said.
    """

    reporter: str
    text: str


RULES = ClassRules()
RULES.register(Report)
