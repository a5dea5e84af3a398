"""A member of the chat: says what is typed, shows what is said.

Usage: python client.py CHANNEL NICK
"""

import sys

from pyro_client import Proxy

CHAT = "PYRONAME:example.chatbox"


def show(sender: str, text: str) -> None:
    """Called by the server, in a thread of its own, while this program waits for somebody to type."""
    print(f"[{sender}] {text}", flush=True)


def command(chat: Proxy, seat: Proxy, line: str) -> None:
    """Do what a line that begins with a slash says."""
    if line == "/who":
        print(f"here are: {', '.join(seat.nicks())}", flush=True)
    elif line == "/channels":
        print(f"channels: {', '.join(chat.channels())}", flush=True)
    else:
        print(f"{line} is unknown; there are /who, /channels and /quit", flush=True)


def main(channel: str, nick: str) -> None:
    """Chat until /quit, the end of the input, or Ctrl-C."""
    with Proxy(CHAT) as chat:
        try:
            seat = chat.join(channel, nick, chat._pyro.offer(show))
        except ValueError as problem:
            sys.exit(str(problem))
        with seat:
            for line in map(str.strip, sys.stdin):
                if line == "/quit":
                    break
                if line.startswith("/"):
                    command(chat, seat, line)
                elif line:
                    seat.say(line)
            seat.close()
    print("bye", flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        print("gone")  # the server sees the connection end
