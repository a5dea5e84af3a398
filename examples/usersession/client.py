"""Alice and Bob use the server at the same time, each with a token; somebody else tries to.

Usage: python client.py URI
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from pyro_client import ConnectionRejected, Proxy

ROUNDS = 20


def use(uri: str, user: str) -> str:
    """Be one user for a while; gives what the server says of it."""
    with Proxy(uri) as session:
        session._pyro.token = f"token-of-{user}"  # said once, when the proxy connects
        for number in range(ROUNDS):
            session.store("secret", f"{user}'s secret {number}")
            found = session.fetch("secret")
            if found != f"{user}'s secret {number}":
                raise RuntimeError(f"{user} got {found!r}")
        return f"{session.about()}; the last one found {found!r}"


def main(uri: str) -> None:
    """Be all of them."""
    with ThreadPoolExecutor() as users:
        for line in users.map(lambda user: use(uri, user), ("alice", "bob")):
            print(line)
    with Proxy(uri) as session:
        session._pyro.token = "token-of-alice"
        print(f"alice, connected anew: {session.about()}, but still {session.fetch('secret')!r}")
    try:
        use(uri, "mallory")
    except ConnectionRejected as refused:
        print(f"mallory: {refused}")


if __name__ == "__main__":
    main(sys.argv[1])
