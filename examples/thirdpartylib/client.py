"""Uses the objects of somebody else's class.

Usage: python client.py ADDRESS
"""

import sys

import weatherlib

from pyro_client import URI, Proxy
from pyro_core import ClassRules


def main(location: str) -> None:
    """Measure in each way.

    Args:
        location: Host and port of the server.
    """
    rules = ClassRules()
    rules.register(weatherlib.Reading)
    for name in ("some", "adapted", "all"):
        with Proxy(f"PYRO:{name}@{location}", rules=rules) as station:
            print(f"{name}: {station.measure()}")
            try:
                print(f"{name}: {station.self_destruct()}")
            except AttributeError as problem:
                print(f"{name}: {problem}")
    with Proxy(f"PYRO:some@{location}") as station:
        print(f"an attribute of the class: {station.celsius}")


if __name__ == "__main__":
    main(str(URI(sys.argv[1]).location))
