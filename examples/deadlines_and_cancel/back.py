"""The server at the back: long work, which ends when nobody waits for it any more.

Usage: python back.py
"""

import time

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
        looked_at = 0
        try:
            for looked_at in range(1, pages + 1):
                time.sleep(PAGE_S)
                call.raise_if_cancelled()  # nobody waits any more, or the deadline is over
        finally:
            print(f"{word}: {'done' if looked_at == pages else 'stopped early'}", flush=True)
        return f"{word} was found in {pages} pages"


if __name__ == "__main__":
    serve({Library(): "library"}, use_ns=False)
