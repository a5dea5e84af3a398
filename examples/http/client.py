"""Calls the shop over HTTP with nothing but the standard library; no Pyro is needed here.

Usage: python client.py URL
"""

import json
import sys
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def call(url: str, *args: Any, **kwargs: Any) -> Any:
    """What a method returns.

    Raises:
        HTTPError: If it fails; its body says why.
    """
    body = json.dumps({"args": args, "kwargs": kwargs}).encode()
    with urlopen(Request(url, body, {"Content-Type": "application/json"})) as answer:
        return json.load(answer)["result"]


def stream(url: str) -> Iterator[Any]:
    """What a method yields, as it comes."""
    with urlopen(Request(url, b"{}", {"Content-Type": "application/json"})) as events:
        kind = b""
        for line in events:
            name, _, value = line.partition(b": ")
            if name == b"event":
                kind = value.strip()
            elif name == b"data" and kind == b"item":
                yield json.loads(value)


def main(gateway: str) -> None:
    """Look what there is, call it, and see what errors look like."""
    with urlopen(f"{gateway}/objects") as answer:
        print(f"objects: {[each['name'] for each in json.load(answer)['objects']]}")
    methods = f"{gateway}/objects/http.shop/methods"
    print(f"nails left: {call(f'{methods}/take', 'nail', count=10)}")
    print(f"delivery: {call(f'{methods}/delivery', '2024-02-28')}")

    for arguments in (["hammer", 2], ["nail", "many"]):
        try:
            call(f"{methods}/take", *arguments)
        except HTTPError as error:
            problem = json.load(error)
            print(f"status {error.code}, {problem['type']}: {problem['detail']}")

    for item in stream(f"{methods}/inventory"):
        print(f"item: {item}")


if __name__ == "__main__":
    main(sys.argv[1])
