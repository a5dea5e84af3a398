"""Sends reports about several topics."""

from report import RULES, Report

from pyro_client import Blob, Proxy

REPORTS = [
    ("weather", [Report("Ann", "rain"), Report("Bob", "more rain")]),
    ("sports", [Report("Cid", "1:1")]),
    ("stars", [Report("Dot", "nobody wants to know")]),
]


def main() -> None:
    """Send all reports."""
    with Proxy("PYRONAME:example.blobdispatch", rules=RULES) as dispatcher:
        for topic, reports in REPORTS:
            print(f"{topic}: heard by {dispatcher.publish(Blob(topic, reports))}")


if __name__ == "__main__":
    main()
