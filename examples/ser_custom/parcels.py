"""Classes of one's own, and how they travel. Both sides import this."""

import enum
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pyro_core import ClassRules


class Size(enum.Enum):
    """How large a parcel is."""

    SMALL = "S"
    LARGE = "L"


@dataclass
class Parcel:
    """Something to be sent."""

    recipient: str
    size: Size
    value: Decimal
    posted: date
    contents: list[str] = field(default_factory=list)


class Stamp:
    """A class that is none of ours to change: it needs two functions."""

    def __init__(self, cents: int) -> None:
        self._cents = cents

    def __repr__(self) -> str:
        return f"Stamp({self._cents})"


def stamp_to_dict(stamp: Stamp) -> dict[str, Any]:
    """What travels of a stamp."""
    print(f"writing {stamp}", flush=True)
    return {"__class__": "post.stamp", "cents": stamp._cents}


def stamp_from_dict(tag: str, fields: dict[str, Any]) -> Stamp:
    """A stamp of what has travelled. Check it: it comes from somebody else.

    Raises:
        ValueError: If this is no stamp.
    """
    cents = fields.get("cents")
    if not isinstance(cents, int) or not 0 < cents <= 1000:
        raise ValueError(f"a stamp is worth 1 to 1000 cents, got {cents!r}")
    print(f"read a {tag}", flush=True)
    return Stamp(cents)


def rules() -> ClassRules:
    """How the classes of this module travel, for a proxy or a daemon."""
    made = ClassRules()
    made.register(Parcel)  # dataclasses, enums, named tuples, ... need one line
    made.register(Size)
    made.register_class_to_dict(Stamp, stamp_to_dict)
    made.register_dict_to_class("post.stamp", stamp_from_dict)
    return made
