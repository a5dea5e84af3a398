"""Sends objects of our own classes, and gets some back.

Usage: python client.py ADDRESS
"""

import sys
from datetime import date
from decimal import Decimal

from parcels import Parcel, Size, rules

from pyro_client import Proxy, SerializeError


def main(address: str) -> None:
    """Post a parcel, with rules and without.

    Args:
        address: Of the post office.
    """
    parcel = Parcel("Ada", Size.SMALL, Decimal("12.50"), date(2026, 5, 17), ["a book"])
    with Proxy(address, rules=rules()) as post:
        stamp = post.stamp(parcel)
        print(f"the stamp: {stamp!r}, a {type(stamp).__name__}")
        larger = post.enlarge(parcel)
        print(f"the parcel came back as {larger}")
        print(f"mine is the same as before: {parcel.size}, {parcel.contents}")
        print(post.refund(stamp))
    with Proxy(address) as post:
        try:
            post.enlarge(parcel)
        except SerializeError as problem:
            print(f"without rules: {problem}")


if __name__ == "__main__":
    main(sys.argv[1])
