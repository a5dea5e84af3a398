"""Printers and storages of an office, registered with tags that say what they are.

Usage: python resources.py
"""

from office import LaserPrinter, Printer, TapeStorage

from pyro_client import type_meta
from pyro_server import Daemon

OFFICE = (
    (LaserPrinter("laser"), {"floor:1", "speed:fast"}),
    (Printer("photo"), {"floor:2", "speed:slow"}),
    (TapeStorage("tape"), {"floor:2", "speed:slow"}),
)


def main() -> None:
    """Publish everything, and serve until Ctrl-C."""
    with Daemon() as daemon:
        for resource, tags in OFFICE:
            tags = type_meta(resource) | tags
            daemon.publish(f"example.office.{resource.name}", resource, metadata=tags)
            print(f"{resource.name}: {', '.join(sorted(tags))}")
        print("running", flush=True)
        daemon.request_loop()


if __name__ == "__main__":
    main()
