"""What runs in the process that matches one costly pattern: question on stdin, answer on stdout, both JSON.

Started by ``patterns`` as a script, without the rest of the package. It ends itself when its time is up, so
that it ends too when the name server is no more.
"""

import json
import re
import sys


def main() -> None:
    """Answer one question with the positions of the names that match."""
    question = json.load(sys.stdin)
    _end_after(question["match_s"])
    match = re.compile(question["pattern"]).match
    answer = [position for position, name in enumerate(question["names"]) if match(name)]
    json.dump(answer, sys.stdout)


def _end_after(seconds: float) -> None:
    """Let the system end this process then: no handler of ours could run while the matcher does."""
    import signal

    if hasattr(signal, "setitimer"):  # elsewhere only the parent keeps the time
        signal.setitimer(signal.ITIMER_REAL, seconds)


if __name__ == "__main__":
    main()
