"""What travels over the bus. The bus and its users import this."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyro_core import ClassRules

BUS = "PYRONAME:example.messagebus"


@dataclass
class Message:
    """Something that was published.

    Attributes:
        number: Its number in its topic, from 1.
        topic: Where it was published.
        created: When, with a time zone.
        data: What its publisher said.
    """

    number: int
    topic: str
    created: datetime
    data: Any


def rules() -> ClassRules:
    """How messages travel."""
    made = ClassRules()
    made.register(Message)
    return made
