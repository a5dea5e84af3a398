"""Asks for work, does it, and asks for more. Start as many as there are processors, on any machine.

Usage: python worker.py [--quits-after NUMBER] NAME
"""

import argparse
import os

from work import DISPATCHER, RULES, prime_factors

from pyro_client import CommunicationError, Proxy

PATIENCE_S = 0.5
"""How long one request for work waits for some."""


def main(name: str, quits_after: int | None) -> None:
    """Work until Ctrl-C, or until the dispatcher is gone."""
    with Proxy(f"PYRONAME:{DISPATCHER}", rules=RULES) as dispatcher:
        dispatcher._pyro.bind()
        print(f"{name} is ready", flush=True)
        done = 0
        while True:
            item = dispatcher.get_work(PATIENCE_S)
            if item is None:
                continue
            if done == quits_after:
                print(f"{name} quits in the middle of {item.number}", flush=True)
                os._exit(0)  # as if it had crashed: nothing is tidied up
            item.factors = prime_factors(item.number)
            item.done_by = name
            done += dispatcher.put_result(item)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Work for the dispatcher.")
    parser.add_argument("--quits-after", type=int, help="crash with the work item after so many")
    parser.add_argument("name")
    options = parser.parse_args()
    try:
        main(options.name, options.quits_after)
    except CommunicationError as problem:
        print(f"the dispatcher is gone: {problem}")
    except KeyboardInterrupt:
        print("enough")
