"""Is told of each name of the shop that comes and goes, at once, without asking again and again.

Usage: python watcher.py
"""

from pyro_client import locate_ns

PREFIX = "shop."


def main() -> None:
    """Show changes until a name has vanished by itself."""
    with locate_ns() as phone_book, phone_book.watch(0, PREFIX) as changes:
        for change in changes:
            if change["kind"] == "current":
                print("watching", flush=True)
            elif "name" in change:
                print(f"{change['kind']}: {change['name']}", flush=True)
            if change["kind"] == "expired":
                return


if __name__ == "__main__":
    main()
