"""Calls with deadlines: some are kept, some are not, and some servers do not answer at all.

Usage: python client.py ADDRESS
"""

import socket
import sys
import time

from pyro_client import ClientSettings, Proxy, TimeoutError
from pyro_core import Timeouts

SHORT_S = 0.2
LONG_S = 20.0


def try_it(what: str, proxy: Proxy, seconds: float) -> None:
    """Call, and say what came of it and when."""
    began = time.monotonic()
    try:
        answer = proxy.sleep(seconds)
    except TimeoutError as problem:
        late = time.monotonic() - began
        in_time = "on time" if SHORT_S <= late < LONG_S / 2 else f"after {late:.1f} s"
        print(f"{what}: TimeoutError, {in_time}: {problem}")
    else:
        print(f"{what}: {answer}")


def main(address: str) -> None:
    """Wait for a quick answer, a slow one, and one that never comes.

    Args:
        address: Of the sleeper.
    """
    with Proxy(address) as sleeper:
        try_it("no deadline", sleeper, 2 * SHORT_S)
        sleeper._pyro.timeout_s = LONG_S
        try_it("a deadline that is kept", sleeper, 0)
        sleeper._pyro.timeout_s = SHORT_S
        try_it("one that is missed", sleeper, LONG_S)
        sleeper._pyro.timeout_s = LONG_S
        print(f"the same proxy works on: {sleeper.sleep(0)}")
        inherited = sleeper.ask_again()
        print(f"a call that the server makes has what is left of it: {LONG_S - 5 < inherited < LONG_S}")

    everywhere = ClientSettings(timeouts=Timeouts(call_s=SHORT_S))  # or PYRO_COMMTIMEOUT=0.2
    with Proxy(address, settings=everywhere) as sleeper:
        try_it("a deadline in the settings", sleeper, LONG_S)

    with socket.create_server(("127.0.0.1", 0)) as frozen:  # takes connections, and says nothing
        address = f"PYRO:sleeper@127.0.0.1:{frozen.getsockname()[1]}"
        with Proxy(address, settings=everywhere) as sleeper:
            try_it("a server that is frozen", sleeper, 0)


if __name__ == "__main__":
    main(sys.argv[1])
