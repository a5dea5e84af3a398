"""Sends things along with its calls, and looks at what comes along with the answers.

Usage: python client.py URI
"""

import sys
from collections.abc import Mapping
from uuid import uuid4

from pyro_client import Proxy
from pyro_core import outgoing


def show(annotations: Mapping[str, bytes]) -> None:
    """Print what came along."""
    for name, value in sorted(annotations.items()):
        print(f"    {name} = {bytes(value).decode()}")


def main(uri: str) -> None:
    """Call with and without company."""
    with Proxy(uri) as frontend:
        print(f"alone: {frontend.greet()}")

        number = uuid4()
        with outgoing({"LANG": b"it"}, correlation_id=number) as block:
            print(f"in a block, as {number}: {frontend.greet()}; along with it came")
            show(block.response_annotations)

    with Proxy(uri) as frontend:
        frontend._pyro.annotations = lambda: {"LANG": b"it", "USER": b"ann"}  # asked for each call
        frontend._pyro.timeout_s = 30.0
        print(f"with a proxy that always sends some: {frontend.greet()}")


if __name__ == "__main__":
    main(sys.argv[1])
