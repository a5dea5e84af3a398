"""Calls each class twice over one connection, and twice over another one."""

from pyro_client import Proxy

NAMES = "PYRONAME:example.instancemode."


def main() -> None:
    """Show which instances answer."""
    for kind in ("percall", "session", "single", "desk"):
        print(f"--- {kind}")
        with Proxy(NAMES + kind) as first, Proxy(NAMES + kind) as second:
            for label, proxy in (("first", first), ("second", second)):
                for _ in range(2):
                    print(f"{label} connection: {proxy.call()}")


if __name__ == "__main__":
    main()
