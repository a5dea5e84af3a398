"""The server at the back: long work, which ends when nobody waits for it any more.

Usage: python back.py
"""

import time

from pyro_core import CallCancelled, TimeoutError
from pyro_server import current_call, expose, serve

PAGE_S = 0.01


@expose
class Library:
    """Looks things up in many pages."""

    def search(self, word: str, pages: int) -> str:
        """Look at so many pages."""
        call = current_call()
        limit = "as long as it takes" if call.remaining_s is None else f"{call.remaining_s:.1f} s at most"
        print(f"{word}: somebody waits {limit}", flush=True)
        try:
            for _ in range(pages):
                time.sleep(PAGE_S)
                call.raise_if_cancelled()
        except (CallCancelled, TimeoutError) as problem:
            print(f"{word}: stopped early, {problem}", flush=True)
            raise
        return f"{word} was found in {pages} pages"


if __name__ == "__main__":
    serve({Library(): "library"}, use_ns=False)
