"""Sends arrays to be computed with, and measures how fast they travel.

Usage: python client.py URI
"""

import sys
import time

import numpy as np

from pyro_client import Proxy, SerializeError

MEGABYTES = 32


def main(uri: str) -> None:
    """Send small and large ones."""
    with Proxy(uri) as laboratory:
        small = np.arange(6, dtype="int16").reshape(2, 3)
        print(f"small: {laboratory.double(small).tolist()}, mine is unchanged: {small.tolist()}")

        large = np.ones((MEGABYTES * 1024, 128))
        print(f"large: {laboratory.about(large)}")
        began = time.perf_counter()
        doubled = laboratory.double(large)
        took = time.perf_counter() - began
        print(f"there and back: {doubled.dtype} {doubled.shape}, sum {doubled.sum():.0f}")
        print(f"{2 * large.nbytes / took / 1e6:.0f} MB/s")

        measured = laboratory.statistics(np.arange(20_000.0).reshape(100, 200))
        print(f"mean {measured['mean']}, last {measured['sorted'][-1]}, {measured['rows'].shape[0]} rows")

        people = np.array([("Ann", 1.7), ("Bob", 1.8)], dtype=[("name", "U3"), ("height", "f4")])
        print(f"with named fields: {laboratory.about(people)['dtype']}")
        try:
            laboratory.objects()
        except SerializeError as problem:
            print(f"objects: {problem}")


if __name__ == "__main__":
    main(sys.argv[1])
