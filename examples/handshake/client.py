"""Shows the password to the daemon, and looks at what the daemon answers.

Usage: python client.py URI PASSWORD
"""

import sys

from pyro_client import ConnectionRejected, Proxy


def check_answer(answer: object) -> None:
    """Refuse a server that is not the one we wanted.

    Raises:
        ConnectionRejected: If its answer is a wrong one.
    """
    print(f"the server answers: {answer}")
    if answer != "the cave of Ali Baba":
        raise ConnectionRejected(f"this is not the cave, but {answer!r}")


def main(uri: str, password: str) -> int:
    """Call the cave; gives the exit status."""
    with Proxy(uri) as cave:
        cave._pyro.handshake = password
        cave._pyro.validate_handshake = check_answer
        try:
            print(f"the treasure: {', '.join(cave.treasure())}")
        except ConnectionRejected as refused:
            print(f"turned away: {refused}")
            return 1
        print("a second call asks for nothing: the password is shown once for each connection")
        cave.treasure()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
