"""Sends messages round the chain, all at the same time.

Usage: python client.py NAME [MESSAGES]
"""

import sys

from pyro_client import Proxy

if __name__ == "__main__":
    start = sys.argv[1]
    messages = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with Proxy(f"PYRONAME:example.circular.{start}") as link:
        futures = [link._pyro.submit("pass_on", []) for _ in range(messages)]
        for future in futures:
            print(" -> ".join(future.result(timeout=10)))
