"""Counts the words of a text with all the servers that there are.

Usage: python client.py [FILE]
"""

import sys
from collections import Counter
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

from pyro_client import Proxy, locate_ns

PREFIX = "example.wordcount."
TEXT = Path(__file__).with_name("gettysburg.txt")
CHUNK = 4
"""Lines in each call."""


def count(lines: list[str], counters: list[Proxy]) -> Counter[str]:
    """Push chunks of the lines to the counters in turn, and add up what they find.

    Args:
        lines: The text.
        counters: Proxies of those who count.
    """
    chunks = [lines[start : start + CHUNK] for start in range(0, len(lines), CHUNK)]
    # No call waits for another: all of them are on their way before the first result is asked for.
    futures = [counter._pyro.futures.count(chunk) for chunk, counter in zip(chunks, cycle(counters))]
    print(f"{len(lines)} lines in {len(chunks)} chunks for {len(counters)} servers")
    return sum((Counter(future.result(timeout=60)) for future in futures), Counter())


def main(path: Path) -> None:
    """Show the most common words of a file."""
    with ExitStack() as stack:
        names = sorted(stack.enter_context(locate_ns()).list(prefix=PREFIX))
        if not names:
            sys.exit("there is nobody who counts; start servers.py")
        counters = [stack.enter_context(Proxy(f"PYRONAME:{name}")) for name in names]
        words = count(path.read_text(encoding="utf8").splitlines(), counters)
    for word, times in sorted(words.items(), key=lambda item: (-item[1], item[0]))[:5]:
        print(f"{word}: {times}")
    print(f"{words.total()} words, {len(words)} different ones")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TEXT)
