"""Finds things by what they are, not by what they are called.

Usage: python search.py
"""

from collections.abc import Iterable

from pyro_client import NamingError, Proxy, locate_ns


def show(what: str, names: Iterable[str]) -> None:
    """Print names, without what they all begin with."""
    print(f"{what}: {', '.join(sorted(name.rpartition('.')[2] for name in names))}")


def main() -> None:
    """Look things up in the yellow pages."""
    with locate_ns() as ns:
        show("all printers", ns.list(metadata_all={"class:office.Printer"}))
        show("everything on floor 2 that is slow", ns.list(metadata_all={"floor:2", "speed:slow"}))
        show(
            "laser printers and storages",
            ns.list(metadata_any={"class:office.LaserPrinter", "class:office.TapeStorage"}),
        )
        address, tags = ns.list(prefix="example.office.laser", return_metadata=True)["example.office.laser"]
        print(f"tags of the laser printer: {', '.join(sorted(tags))}")

        ns.register("example.office.old", address, metadata={"floor:2"})
        show("on floor 2, with an old one", ns.list(metadata_all={"floor:2"}))
        ns.set_metadata("example.office.old", {"floor:0", "for sale"})
        show("on floor 2, after it was moved", ns.list(metadata_all={"floor:2"}))
        ns.remove("example.office.old")

    with Proxy("PYROMETA:class:office.Printer,speed:fast") as printer:
        print(f"a fast printer: {printer.name}")
        printer.print("a report")
    try:
        Proxy("PYROMETA:class:office.Printer,colour:pink")._pyro.bind()
    except NamingError as problem:
        print(f"a pink one: {problem}")


if __name__ == "__main__":
    main()
