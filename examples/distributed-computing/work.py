"""What travels between client, dispatcher and workers, and what is done to it."""

from dataclasses import dataclass, field

from pyro_core import ClassRules

DISPATCHER = "example.distributed.dispatcher"

RULES = ClassRules()
"""Lets the classes of this module travel; given to every proxy and daemon."""


@RULES.register
@dataclass
class WorkItem:
    """A number to take apart.

    Attributes:
        ticket: Tells it from all others.
        job: Which job it belongs to.
        number: The number.
        factors: Its prime factors, once they are known.
        done_by: Who found them.
    """

    ticket: int
    job: int
    number: int
    factors: list[int] = field(default_factory=list)
    done_by: str = ""


def prime_factors(number: int) -> list[int]:
    """The prime factors of a number of 2 or more, the smallest first."""
    factors = []
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        divisor += 1
    return [*factors, number] if number > 1 else factors
