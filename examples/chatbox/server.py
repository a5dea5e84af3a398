"""A chat: channels, nicks, and messages that reach everybody as they are said.

Usage: python server.py
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pyro_server import behavior, current_call, expose, serve

NAME = "example.chatbox"
SERVER = "SERVER"
DELIVERY_S = 5.0
"""How long a member's program may take for one message."""


class Member:
    """Somebody in a channel.

    Has a mailbox: messages keep their order, and a slow program holds up nobody else.

    Args:
        nick: The name.
        listener: What is told of messages, in the member's program.
    """

    def __init__(self, nick: str, listener: Any) -> None:
        self.nick = nick
        self._listener = listener
        self._listener._pyro.timeout_s = DELIVERY_S
        self._mailbox = ThreadPoolExecutor(1, f"mailbox of {nick}")

    def tell(self, sender: str, text: str) -> None:
        """Have a message delivered."""
        self._mailbox.submit(self._listener, sender, text)

    def leave(self) -> None:
        """Deliver nothing more."""
        self._mailbox.shutdown(wait=False, cancel_futures=True)


class Seat:
    """A member's place in a channel; goes with the member's connection."""

    def __init__(self, chat: "ChatBox", channel: str, member: Member) -> None:
        self._chat = chat
        self._channel = channel
        self._member = member

    @expose
    def say(self, text: str) -> None:
        """Tell everybody in the channel, oneself too."""
        self._chat.publish(self._channel, self._member.nick, text)

    @expose
    def nicks(self) -> list[str]:
        """Who is in the channel."""
        return self._chat.nicks(self._channel)

    @expose
    def close(self) -> None:
        """Leave. Also called when the connection is gone, however that came."""
        self._chat.leave(self._channel, self._member)


@behavior(instance_mode="single")
class ChatBox:
    """All channels."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channels: dict[str, dict[str, Member]] = {}

    @expose
    def channels(self) -> list[str]:
        """Channels in which somebody is."""
        with self._lock:
            return sorted(self._channels)

    @expose
    def nicks(self, channel: str) -> list[str]:
        """Who is in a channel."""
        with self._lock:
            return sorted(self._channels.get(channel, {}))

    @expose
    def join(self, channel: str, nick: str, listener: Any) -> Seat:
        """Go into a channel, which is opened if need be.

        Args:
            channel: Its name.
            nick: By which others are to know you.
            listener: Called with the sender and the text of each message.

        Raises:
            ValueError: If somebody else in the channel has that nick.
        """
        member = Member(nick, listener)
        with self._lock:
            members = self._channels.setdefault(channel, {})
            if nick in members or nick == SERVER:
                raise ValueError(f"{nick!r} is taken in {channel!r}; choose another nick")
            members[nick] = member
        seat = Seat(self, channel, member)
        call = current_call()
        call.connection.track_resource(seat)  # closed with the connection
        call.daemon.register(seat, session=True)  # so that the member gets a proxy of it
        self.publish(channel, SERVER, f"{nick} joined")
        return seat

    def leave(self, channel: str, member: Member) -> None:
        """Take somebody out; nothing if that was done already."""
        with self._lock:
            members = self._channels.get(channel, {})
            if members.get(member.nick) is not member:
                return
            del members[member.nick]
            if not members:
                del self._channels[channel]
        member.leave()
        self.publish(channel, SERVER, f"{member.nick} left")

    def publish(self, channel: str, sender: str, text: str) -> None:
        """Tell everybody in a channel."""
        print(f"{channel}: [{sender}] {text}", flush=True)
        with self._lock:  # all mailboxes get messages in the same order
            for member in self._channels.get(channel, {}).values():
                member.tell(sender, text)


if __name__ == "__main__":
    serve({ChatBox: NAME})
